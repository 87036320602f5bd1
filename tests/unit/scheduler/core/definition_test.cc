// Job definitions: revisions, and whose they are.
#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::HasSubstr;

class Definitions : public ::testing::Test {
 protected:
  Status Answer(sched::InputBody input) {
    const sched::Outcome outcome = env_.Handle(std::move(input));
    for (const sched::Message& message : outcome.messages) {
      const auto* reply = std::get_if<sched::Reply>(&message);
      if (reply) return reply->body ? OkStatus() : Status(reply->body.error());
    }
    return Internal("no answer");
  }
  Status Register(const Principal& who, const std::string& name = "align") {
    JobDefinition definition;
    definition.name = name;
    definition.command = {"run", "as", who.name};
    return Answer(sched::RegisterDefinition{sched::ReplyTo(1), who, definition});
  }
  Status Deregister(const Principal& who, std::int32_t revision) {
    return Answer(sched::DeregisterDefinition{sched::ReplyTo(1), who, "align", revision});
  }
  const std::vector<JobDefinition>& Revisions() const { return env_.state().definitions.at("align"); }

  Env env_;
};

TEST_F(Definitions, BelongToWhoeverRegisteredTheFirstRevision) {
  ASSERT_TRUE(Register(Alice()));
  EXPECT_EQ(Says(Register(Bob())),
            "bob may not register job definition align: it belongs to alice; ask alice or an administrator");
  EXPECT_THAT(Says(Deregister(Bob(), 1)), HasSubstr("bob may not deregister job definition align:1"));
  EXPECT_EQ(Revisions().size(), 1u) << "what Alice's jobs run is what Alice wrote";
  EXPECT_TRUE(Revisions()[0].active);
  EXPECT_TRUE(Register(Bob(), "bobs"));
}

TEST_F(Definitions, AnAdministratorMayHelpOutWithoutTakingThemOver) {
  ASSERT_TRUE(Register(Alice()));
  EXPECT_TRUE(Register(Ops()));
  EXPECT_TRUE(Deregister(Ops(), 2));
  EXPECT_TRUE(Register(Alice()));
  EXPECT_EQ(Revisions().size(), 3u);
}

TEST_F(Definitions, StayOnesOwnAfterTheLastRevisionWasDeregistered) {
  ASSERT_TRUE(Register(Alice()));
  ASSERT_TRUE(Deregister(Alice(), 1));
  EXPECT_FALSE(Register(Bob()));
  env_.Restart();
  EXPECT_FALSE(Register(Bob()));
  EXPECT_TRUE(Register(Alice()));
}

}  // namespace
}  // namespace bsub::testing
