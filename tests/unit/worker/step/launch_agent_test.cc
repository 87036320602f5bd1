#include "worker/step/launch_agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bsub::step {
namespace {

using ::testing::HasSubstr;

Gang NodesOfAgent() {
  Gang gang;
  gang.nodes = {{"n1", "127.0.0.1"}, {"n2", "127.0.0.1"}};
  return gang;
}

TEST(LaunchAgent, IsCalledAsRshIs) {
  const auto call = ParseAgentCall({"n2", "orted", "-mca", "ess", "\"env\""});
  ASSERT_TRUE(call);
  EXPECT_EQ(call->host, "n2");
  EXPECT_EQ(call->command, "orted -mca ess \"env\"") << "quoted by the caller, for the other node's shell";
}

TEST(LaunchAgent, OptionsOfRshAndSshHaveNoMeaning) {
  const auto call =
      ParseAgentCall({"-n", "-l", "ada", "-x", "n2", "/usr/bin/hydra_pmi_proxy", "--proxy-id", "1"});
  ASSERT_TRUE(call);
  EXPECT_EQ(call->host, "n2");
  EXPECT_EQ(call->command, "/usr/bin/hydra_pmi_proxy --proxy-id 1");
}

TEST(LaunchAgent, WithoutACommandItSaysHowItIsUsed) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{}, {"n2"}, {"-n"}, {"-l"}, {"-l", "ada"}, {"-n", "n2"}}) {
    const auto call = ParseAgentCall(words);
    ASSERT_FALSE(call);
    EXPECT_THAT(call.error().message, HasSubstr("bsub-lite-rsh NODE COMMAND"));
  }
}

TEST(LaunchAgent, KnowsWhatProgramACommandRuns) {
  EXPECT_EQ(ProgramOf("/usr/bin/hydra_pmi_proxy --proxy-id 1"), "/usr/bin/hydra_pmi_proxy");
  EXPECT_EQ(ProgramOf("\"/opt/my mpi/hydra_pmi_proxy\" --proxy-id 1"), "/opt/my mpi/hydra_pmi_proxy");
  EXPECT_EQ(ProgramOf("'/opt/my mpi/hydra_pmi_proxy'"), "/opt/my mpi/hydra_pmi_proxy");
  EXPECT_EQ(ProgramOf("orted"), "orted");
  EXPECT_EQ(ProgramOf("\"no end"), "no end");
  EXPECT_EQ(ProgramOf(""), "");
}

TEST(LaunchAgent, KnowsTheNodesOfItsJobAndItsOwnMachine) {
  EXPECT_EQ(NodeMeant(NodesOfAgent(), "n2", "box"), 1u);
  EXPECT_EQ(NodeMeant(NodesOfAgent(), "box", "box"), 0u);
  EXPECT_EQ(NodeMeant(NodesOfAgent(), "localhost", "box"), 0u);
  EXPECT_EQ(NodeMeant(NodesOfAgent(), "bsub-node-1", "box"), 1u) << "as the host files call it";
  EXPECT_EQ(NodeMeant(NodesOfAgent(), "bsub-node-1-3", "box"), 1u) << "where others have the names before";
  for (const char* none : {"bsub-node-2", "bsub-node-", "bsub-node-1x", "bsub-node-1-", "bsub-node-1-x",
                           "bsub-node-1-1-1", "bsub-node-1x1"})
    EXPECT_FALSE(NodeMeant(NodesOfAgent(), none, "box")) << none;
  Gang gang = NodesOfAgent();
  gang.nodes.push_back({"bsub-node-1", "127.0.0.1"});
  EXPECT_EQ(NodeMeant(gang, "bsub-node-1", "box"), 2u) << "that is its own name";
  const auto other = NodeMeant(NodesOfAgent(), "n7", "box");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("node 'n7' is not one of this job's (n1,n2)"));
}

// Such as the node's spawner, which takes in what mpirun leaves behind.
TEST(LaunchAgent, AParentThatIsNoPartOfTheJobDidNotCallIt) {
  Gang gang = NodesOfAgent();
  gang.secret = std::string(64, 'e');  // this program has not begun with it
  const pid_t agent = fork();
  if (agent == 0) {
    const auto caller = FindCaller(gang);
    _exit(!caller && caller.error().code == Code::kAborted ? 0 : 1);
  }
  int status = -1;
  waitpid(agent, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace bsub::step
