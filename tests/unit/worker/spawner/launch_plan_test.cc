#include "worker/spawner/launch_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

namespace bsub::spawner {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;
using ::testing::StartsWith;

class LaunchPlanTest : public ::testing::Test {
 protected:
  LaunchPlanTest() {
    rules_.own_uid = 1000;
    rules_.node = "n1";
    rules_.state_path = "/state";
    rules_.marker_prefix = "id:";
    launch_.mutable_attempt()->set_job(5);
    launch_.mutable_attempt()->set_ordinal(2);
    launch_.mutable_attempt()->set_number(1);
    launch_.set_incarnation(3);
    launch_.set_uid(1000);
    launch_.set_node("n1");
    launch_.set_working_directory("/work");
    launch_.mutable_command()->add_argv("prog");
  }
  Result<PlannedLaunch> Plan(const std::string& proof = {}) const {
    v1::spawner::StartTask start;
    *start.mutable_attempt() = launch_.attempt();
    start.set_launch(launch_.SerializeAsString());
    start.set_proof(proof);
    return PlanLaunch(start, rules_);
  }
  std::string Refusal() const {
    const auto plan = Plan();
    return plan ? "planned" : plan.error().message;
  }
  LaunchRules rules_;
  v1::Launch launch_;
};

TEST_F(LaunchPlanTest, BuildsEverythingFromTheLaunch) {
  launch_.mutable_command()->add_argv("x y");
  const auto plan = Plan();
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_THAT(plan->child.argv, ElementsAre("prog", "x y"));
  EXPECT_EQ(plan->child.cwd, "/work");
  EXPECT_EQ(plan->task_name, "5.2.1.3");
  EXPECT_THAT(plan->child.env, Contains("BSUB_ATTEMPT_KEY=id:5.2.1.3"));
  EXPECT_TRUE(plan->child.out.in_spool);
  EXPECT_EQ(plan->child.out.path, "output/5/2.1.out");
  EXPECT_EQ(plan->child.err.path, "") << "with standard output";
  EXPECT_FALSE(plan->child.change_user);
}

TEST_F(LaunchPlanTest, AJobThatMayStartRanksHasADirectoryWithItsHosts) {
  rules_.scratch_path = "/dev/shm/s";
  rules_.machine.programs = "/opt/bin";
  rules_.machine.host_name = "box";
  rules_.machine.machine_cpus = 8;
  v1::LaunchGang& gang = *launch_.mutable_gang();
  gang.set_ranks_per_node(2);
  gang.set_threads_per_rank(1);
  for (const char* name : {"n1", "n2"}) {
    gang.add_nodes()->set_name(name);
    gang.mutable_nodes()->rbegin()->set_address("127.0.0.1");
  }
  EXPECT_EQ(Plan()->scratch, "") << "its command runs on every node";
  gang.set_launch(1);
  const auto plan = Plan();
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_EQ(plan->scratch, "/dev/shm/s/5.2.1.3");
  EXPECT_THAT(plan->child.env, Contains("BSUB_SCRATCH_DIR=/dev/shm/s/5.2.1.3"));
  EXPECT_THAT(plan->child.env, Contains("OMPI_MCA_plm_rsh_agent=/opt/bin/bsub-lite-rsh"));
  EXPECT_THAT(plan->child.env, Contains("BSUB_NODE_FILE=/dev/shm/s/5.2.1.3/nodes"));
  EXPECT_THAT(plan->scratch_files, ElementsAre(Pair("nodes", "n1 127.0.0.1\nn2 127.0.0.1\n"),
                                               Pair("hosts.openmpi", "box slots=2\nn2 slots=2\n"),
                                               Pair("hosts.hydra", "n1:2\nn2:2\n")));
  gang.set_index(2);
  EXPECT_THAT(Refusal(), HasSubstr("part 2 of 2"));
}

// A port is INIT until a subnet manager has seen it, which may be after the spawner's start.
TEST_F(LaunchPlanTest, AFabricsPortsAreLookedAtForEachLaunch) {
  namespace fs = std::filesystem;
  std::string folder = fs::temp_directory_path() / "bsub-devices-XXXXXX";
  rules_.rdma_devices = mkdtemp(folder.data());
  const fs::path device = fs::path(folder) / "mlx5_0";
  fs::create_directories(device / "ports" / "1");
  fs::create_directories(device / "device");
  fs::create_symlink("/sys/bus/pci/drivers/mlx5_core", device / "device" / "driver");
  v1::LaunchGang& gang = *launch_.mutable_gang();
  gang.set_launch(1);
  gang.set_ranks_per_node(1);
  gang.set_threads_per_rank(1);
  for (const char* address : {"10.0.0.1", "10.0.0.2"}) gang.add_nodes()->set_address(address);
  const std::vector<std::pair<std::string, std::string>> pml_by_state = {
      {"2: INIT", "ob1"}, {"4: ACTIVE", "ucx"}, {"1: DOWN", "ob1"}};
  for (const auto& [state, pml] : pml_by_state) {
    std::ofstream(device / "ports" / "1" / "state") << state << "\n";
    EXPECT_THAT(Plan()->child.env, Contains("OMPI_MCA_pml=" + pml)) << state;
  }
  fs::remove_all(folder);
}

TEST_F(LaunchPlanTest, MoreNodesThanAVariableHoldsAreInAFile) {
  rules_.scratch_path = "/dev/shm/s";
  v1::LaunchGang& gang = *launch_.mutable_gang();
  gang.set_ranks_per_node(1);
  std::string lines;
  for (int i = 0; i < 10'000; ++i) {
    v1::LaunchNode& node = *gang.add_nodes();
    node.set_name("n" + std::to_string(i));
    node.set_address("10.20." + std::to_string(100 + i / 100) + "." + std::to_string(100 + i % 100));
    lines += node.name() + " " + node.address() + "\n";
  }
  const auto plan = Plan();
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_THAT(plan->scratch_files, ElementsAre(Pair("nodes", lines)));
  EXPECT_THAT(plan->child.env, Contains("BSUB_NODE_FILE=/dev/shm/s/5.2.1.3/nodes"));
  EXPECT_THAT(plan->child.env, Not(Contains(StartsWith("BSUB_NODE_ADDRESSES="))));
}

TEST_F(LaunchPlanTest, RunsScriptsThroughTheirInterpreter) {
  launch_.mutable_command()->set_script("echo hi");
  EXPECT_THAT(Plan()->child.argv, ElementsAre("/bin/sh", "/state/scripts/5.2.1.3", "prog"));
  launch_.mutable_command()->add_interpreter("/usr/bin/env");
  launch_.mutable_command()->add_interpreter("python3");
  EXPECT_THAT(Plan()->child.argv, ElementsAre("/usr/bin/env", "python3", "/state/scripts/5.2.1.3", "prog"));
}

TEST_F(LaunchPlanTest, PlacesOutput) {
  launch_.set_stdout_path("out.%J.%I");
  launch_.set_array_index(40);
  auto plan = Plan();
  EXPECT_EQ(plan->child.out.path, "/work/out.5.40");
  EXPECT_TRUE(plan->own_out);
  EXPECT_EQ(plan->child.err.path, "");
  launch_.set_stderr_path("/abs/err");
  EXPECT_EQ(Plan()->child.err.path, "/abs/err");
  launch_.set_stderr_path("/work/out.5.40");
  EXPECT_EQ(Plan()->child.err.path, "") << "the same file is opened once";
}

TEST_F(LaunchPlanTest, RefusesOtherUsersUnlessRootWithAKey) {
  launch_.set_uid(1001);
  EXPECT_THAT(Refusal(), HasSubstr("this node runs as uid 1000"));
  rules_.can_change_user = true;
  EXPECT_THAT(Refusal(), HasSubstr("has no launch key"));
  const auto key = worker::LaunchKey::FromText(std::string(40, 'k'));
  rules_.key = &*key;
  EXPECT_THAT(Refusal(), HasSubstr("carries no proof"));
  const auto plan = Plan(key->Sign(launch_.SerializeAsString()));
  ASSERT_TRUE(plan.has_value()) << plan.error().message;
  EXPECT_TRUE(plan->child.change_user);
  EXPECT_EQ(plan->child.uid, 1001u);
}

TEST_F(LaunchPlanTest, RefusesNulBytesEverywhere) {
  const std::string nul("a\0b", 3);
  launch_.set_stdout_path(nul);
  EXPECT_THAT(Refusal(), HasSubstr("NUL byte"));
  launch_.clear_stdout_path();
  launch_.mutable_environment()->add_variables(nul);
  EXPECT_THAT(Refusal(), HasSubstr("environment holds a NUL byte (number 1)"));
}

TEST_F(LaunchPlanTest, TakesLimitsFromTheLaunch) {
  v1::Limit* limit = launch_.add_limits();
  limit->set_name("core");
  limit->set_soft(-1);
  limit->set_hard(100);
  const auto plan = Plan();
  ASSERT_EQ(plan->child.limits.size(), 1u);
  EXPECT_EQ(plan->child.limits[0].value.rlim_cur, 100u) << "never above the hard one";
  EXPECT_EQ(plan->child.limits[0].value.rlim_max, 100u);
  limit->set_hard(-1);
  EXPECT_EQ(Plan()->child.limits[0].value.rlim_cur, RLIM_INFINITY);
}

}  // namespace
}  // namespace bsub::spawner
