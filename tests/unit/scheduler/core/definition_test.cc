// Job definitions: revisions, and whose they are.
#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::HasSubstr;

class Definitions : public ::testing::Test {
 protected:
  static sched::Settings FewDefinitions() {
    sched::Settings settings = Env::DefaultSettings();
    settings.max_definitions = 5;
    settings.max_definitions_per_user = 3;
    settings.max_definition_bytes = 200;
    return settings;
  }
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

  Env env_{FewDefinitions()};
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

// Else any user could fill the memory, the journal and every snapshot.
TEST_F(Definitions, AreLimitedPerUserAndInAll) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Register(Alice()));
  const std::string refusal = Says(Register(Alice(), "other"));
  EXPECT_THAT(refusal, HasSubstr("3 revisions of alice already"));
  EXPECT_THAT(refusal, HasSubstr("core.max_definitions_per_user"));
  ASSERT_TRUE(Register(Bob(), "bobs"));
  ASSERT_TRUE(Register(Bob(), "bobs"));
  EXPECT_THAT(Says(Register(Bob(), "bobs")), HasSubstr("core.max_definitions)"));
}

TEST_F(Definitions, RegisteringAgainMakesRoomOfDeregisteredRevisions) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Register(Alice()));
  ASSERT_TRUE(Deregister(Alice(), 1));
  EXPECT_FALSE(Register(Alice())) << "the first revision says whose the name is";
  ASSERT_TRUE(Deregister(Alice(), 3));
  ASSERT_TRUE(Register(Alice()));
  env_.Restart();
  ASSERT_EQ(Revisions().size(), 3u);
  EXPECT_EQ(Revisions()[1].revision, 2);
  EXPECT_EQ(Revisions()[2].revision, 4) << "3 is never given again";
}

TEST_F(Definitions, StayAsLongAsThereIsRoom) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Register(Alice()));
  ASSERT_TRUE(Deregister(Alice(), 2));
  ASSERT_TRUE(Register(Alice()));
  EXPECT_EQ(Revisions().size(), 3u);
}

TEST_F(Definitions, OneOfManyBytesIsRefused) {
  JobDefinition definition;
  definition.name = "align";
  definition.command = {"run"};
  definition.environment["DATA"] = std::string(200, 'x');
  EXPECT_THAT(Says(Answer(sched::RegisterDefinition{sched::ReplyTo(1), Alice(), definition})),
              HasSubstr("the limit is 200 (core.max_definition_bytes)"));
  definition.environment.clear();
  definition.command.resize(10, "x");  // little text, but not little memory
  EXPECT_THAT(Says(Answer(sched::RegisterDefinition{sched::ReplyTo(1), Alice(), definition})),
              HasSubstr("the limit is 200 (core.max_definition_bytes)"));
}

}  // namespace
}  // namespace bsub::testing
