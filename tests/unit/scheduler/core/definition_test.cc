// Job definitions: revisions, and whose they are.
#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::ElementsAre;
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
  Status Deregister(const Principal& who, std::int32_t revision, const std::string& name = "align") {
    return Answer(sched::DeregisterDefinition{sched::ReplyTo(1), who, name, revision});
  }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, revisions] : env_.state().definitions) names.push_back(name);
    return names;
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
  EXPECT_THAT(refusal, HasSubstr("3 revisions of alice in use"));
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

TEST_F(Definitions, ANameThatIsDeregisteredMakesRoomForAnother) {
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(Register(Alice(), name));
  EXPECT_THAT(
      Says(Register(Alice(), "d")),
      HasSubstr("deregister what is no longer used (`bsub-lite definitions deregister NAME:REVISION`"));
  ASSERT_TRUE(Deregister(Alice(), 1, "b"));
  EXPECT_THAT(Names(), ElementsAre("a", "b", "c")) << "it is still there to be looked at";
  ASSERT_TRUE(Register(Alice(), "d"));
  EXPECT_THAT(Names(), ElementsAre("a", "c", "d"));
  env_.Restart();
  EXPECT_THAT(Names(), ElementsAre("a", "c", "d"));
  ASSERT_TRUE(Deregister(Alice(), 1, "a"));
  ASSERT_TRUE(Register(Bob(), "b")) << "it is nobody's any more";
  EXPECT_EQ(env_.state().definitions.at("b").back().revision, 1);
  EXPECT_THAT(Names(), ElementsAre("a", "b", "c", "d")) << "what is Alice's is not forgotten for Bob";
}

TEST_F(Definitions, DeregisteredRevisionsOfAnotherNameMakeRoomToo) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Register(Alice()));
  ASSERT_TRUE(Deregister(Alice(), 1));
  EXPECT_FALSE(Register(Alice(), "other")) << "the first revision says whose the name is";
  ASSERT_TRUE(Deregister(Alice(), 2));
  ASSERT_TRUE(Register(Alice(), "other"));
  ASSERT_EQ(Revisions().size(), 2u);
  EXPECT_EQ(Revisions()[1].revision, 3);
}

TEST_F(Definitions, NoMoreIsForgottenThanMustBe) {
  for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(Register(Alice(), name));
  for (const char* name : {"a", "b"}) ASSERT_TRUE(Deregister(Alice(), 1, name));
  ASSERT_TRUE(Register(Alice(), "d"));
  EXPECT_THAT(Names(), ElementsAre("b", "c", "d"));
}

// Or scripts that still name it would run what another user registers under the name.
TEST_F(Definitions, WhenAllAreFullOnlyTheRevisionsOfOthersGoButNotTheirNames) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Register(Alice()));
  for (const char* name : {"x", "y"}) ASSERT_TRUE(Register(Bob(), name));
  EXPECT_THAT(Says(Register(Bob(), "z")), HasSubstr("5 revisions in use, the limit is 5"));
  for (int revision : {1, 2, 3}) ASSERT_TRUE(Deregister(Alice(), revision));
  ASSERT_TRUE(Register(Bob(), "z"));
  EXPECT_THAT(Names(), ElementsAre("align", "x", "y", "z"));
  EXPECT_THAT(Says(Register(Bob())), HasSubstr("it belongs to alice"));
  ASSERT_EQ(Revisions().size(), 2u);
  EXPECT_EQ(Revisions()[1].revision, 3);
}

TEST_F(Definitions, AForgottenRevisionsNumberIsNotGivenAgain) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Register(Alice()));
  for (int revision : {2, 3}) ASSERT_TRUE(Deregister(Alice(), revision));
  ASSERT_TRUE(Register(Alice(), "other"));  // forgets 2
  env_.Restart();
  ASSERT_TRUE(Deregister(Alice(), 1, "other"));
  ASSERT_TRUE(Register(Alice()));
  EXPECT_EQ(Revisions().back().revision, 4);
  env_.Restart();
  EXPECT_EQ(Revisions().back().revision, 4);
}

// Its owner may have the number go on, as long as the name was not given up.
TEST_F(Definitions, ANameIsMadeAgainInTheRoomOfItsOwnFirstRevision) {
  for (const char* name : {"a", "b", "align"}) ASSERT_TRUE(Register(Alice(), name));
  ASSERT_TRUE(Deregister(Alice(), 1));
  ASSERT_TRUE(Register(Alice()));
  env_.Restart();
  ASSERT_EQ(Revisions().size(), 1u);
  EXPECT_EQ(Revisions()[0].revision, 2);
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
