#include "worker/launch/mpi_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "worker/launch/environment.h"

namespace bsub::worker {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A job of two nodes, two ranks on each, as the node of this index sees it.
v1::Launch MpiJob(std::uint32_t index, const std::vector<std::string>& addresses) {
  v1::Launch launch;
  launch.set_uid(1000);
  launch.set_cpu_milli(64'000);  // all that the machine has
  v1::LaunchGang& gang = *launch.mutable_gang();
  gang.set_index(index);
  gang.set_ranks_per_node(2);
  gang.set_threads_per_rank(1);
  gang.set_launch(1);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    v1::LaunchNode& node = *gang.add_nodes();
    node.set_name("n" + std::to_string(i + 1));
    node.set_address(addresses[i]);
  }
  return launch;
}

MpiFacts Machine() {
  return {.scratch = "/dev/shm/s/12",
          .programs = "/opt/bin",
          .host_name = "box",
          .interface = "eth0",
          .machine_cpus = 64};
}

std::string Value(const v1::Launch& launch, const MpiFacts& facts, const std::string& name) {
  for (const MpiVariable& variable : MpiVariables(launch, facts)) {
    if (variable.name == name) return variable.value;
  }
  return "(none)";
}

std::vector<std::string> Environment(const v1::Launch& launch) {
  const MpiFacts facts = Machine();
  return BuildEnvironment(launch, {"mark", "", &facts});
}

TEST(MpiEnvironment, OnlyAJobThatStartsWhatRunsOnItsNodesHasIt) {
  v1::Launch launch = MpiJob(0, {"10.0.0.1"});
  EXPECT_TRUE(MayStartRanks(launch));
  launch.mutable_gang()->set_launch(0);
  EXPECT_FALSE(MayStartRanks(launch));
  EXPECT_FALSE(MayStartRanks(v1::Launch()));
}

TEST(MpiEnvironment, HostFilesNameTheNodesAndMpirunsOwnMachine) {
  const v1::Launch launch = MpiJob(0, {"10.0.0.1", "10.0.0.2"});
  EXPECT_EQ(OpenMpiHostFile(launch.gang(), Machine()), "box slots=2\nn2 slots=2\n");
  EXPECT_EQ(HydraHostFile(launch.gang(), Machine()), "n1:2\nn2:2\n");
}

// Nodes are called as their administrator likes, also as the machine of another one.
TEST(MpiEnvironment, ANodeThatIsCalledAsMpirunsMachineHasAnAlias) {
  const v1::Launch launch = MpiJob(0, {"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  MpiFacts facts = Machine();
  facts.host_name = "n2";
  EXPECT_EQ(OpenMpiHostFile(launch.gang(), facts), "n2 slots=2\nbsub-node-1 slots=2\nn3 slots=2\n");
  EXPECT_EQ(HydraHostFile(launch.gang(), facts), "n1:2\nbsub-node-1:2\nn3:2\n");
  facts.host_name = "n3.cluster.example";
  EXPECT_EQ(OpenMpiHostFile(launch.gang(), facts),
            "n3.cluster.example slots=2\nn2 slots=2\nbsub-node-2 slots=2\n");
  facts.host_name = "n1";
  EXPECT_EQ(OpenMpiHostFile(launch.gang(), facts), "n1 slots=2\nn2 slots=2\nn3 slots=2\n");
}

// The hosts of an Open MPI host file for a main node and others of these names.
std::string HostsOfOpenMpi(const std::vector<std::string>& others, const std::string& host_name = "box") {
  v1::Launch launch = MpiJob(0, std::vector<std::string>(others.size() + 1, "10.0.0.1"));
  for (std::size_t i = 0; i < others.size(); ++i)
    launch.mutable_gang()->mutable_nodes(static_cast<int>(i) + 1)->set_name(others[i]);
  MpiFacts facts = Machine();
  facts.host_name = host_name;
  std::istringstream lines(OpenMpiHostFile(launch.gang(), facts));
  std::string hosts;
  for (std::string host, slots; lines >> host >> slots;) hosts += (hosts.empty() ? "" : " ") + host;
  return hosts;
}

// Open MPI's mpirun calls the agent with what is before the first dot: "a" for a.east.
TEST(MpiEnvironment, ANodeWithADotInItsNameHasAnAliasForOpenMpi) {
  EXPECT_EQ(HostsOfOpenMpi({"a.east", "a.west"}), "box bsub-node-1 bsub-node-2");
  EXPECT_EQ(HostsOfOpenMpi({"a.rack-1", "a"}), "box bsub-node-1 a") << "a itself is the second";
  EXPECT_EQ(HostsOfOpenMpi({"a", "a.rack-1"}), "box a bsub-node-2");
  EXPECT_EQ(HostsOfOpenMpi({"10.0.0.2", "10.0.0.3"}), "box 10.0.0.2 10.0.0.3") << "addresses are not cut";
  EXPECT_EQ(HostsOfOpenMpi({"a.east"}, "ip-10-0-0-1.ec2.internal"), "ip-10-0-0-1.ec2.internal bsub-node-1");
}

TEST(MpiEnvironment, ANodeWithADotInItsNameKeepsItForHydra) {
  v1::Launch launch = MpiJob(0, {"10.0.0.1", "10.0.0.2"});
  launch.mutable_gang()->mutable_nodes(1)->set_name("a.east");
  EXPECT_EQ(HydraHostFile(launch.gang(), Machine()), "n1:2\na.east:2\n");
}

TEST(MpiEnvironment, AnAliasIsNoOthersName) {
  EXPECT_EQ(HostsOfOpenMpi({"a.east", "bsub-node-1"}), "box bsub-node-1-1 bsub-node-1");
  EXPECT_EQ(HostsOfOpenMpi({"a.east", "bsub-node-1", "bsub-node-1-1"}),
            "box bsub-node-1-2 bsub-node-1 bsub-node-1-1");
  EXPECT_EQ(HostsOfOpenMpi({"a.east"}, "bsub-node-1.example"), "bsub-node-1.example bsub-node-1-1");
  v1::Launch launch = MpiJob(0, {"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  launch.mutable_gang()->mutable_nodes(1)->set_name("box");
  launch.mutable_gang()->mutable_nodes(2)->set_name("bsub-node-1");
  EXPECT_EQ(HydraHostFile(launch.gang(), Machine()), "n1:2\nbsub-node-1-1:2\nbsub-node-1:2\n");
}

TEST(MpiEnvironment, DaemonsAreStartedByOurAgentInTheirOwnDirectories) {
  const std::vector<std::string> addresses = {"10.0.0.1", "10.0.0.2"};
  EXPECT_EQ(Value(MpiJob(0, addresses), Machine(), "OMPI_MCA_plm_rsh_agent"), "/opt/bin/bsub-lite-rsh");
  EXPECT_EQ(Value(MpiJob(0, addresses), Machine(), "HYDRA_LAUNCHER_EXEC"), "/opt/bin/bsub-lite-rsh");
  EXPECT_EQ(Value(MpiJob(0, addresses), Machine(), "OMPI_MCA_orte_local_tmpdir_base"), "/dev/shm/s/12");
  EXPECT_EQ(Value(MpiJob(1, addresses), Machine(), "OMPI_MCA_orte_local_tmpdir_base"), "(none)")
      << "the main node's";
  EXPECT_EQ(Value(MpiJob(1, addresses), Machine(), "PMIX_HOSTNAME"), "n2");
  EXPECT_EQ(Value(MpiJob(0, addresses), Machine(), "PMIX_HOSTNAME"), "(none)") << "as the host file says";
}

TEST(MpiEnvironment, TheTransportIsNamedByWhatTheNodesHave) {
  const auto value = [](std::vector<std::string> addresses, Fabric fabric, const std::string& name) {
    MpiFacts facts = Machine();
    facts.fabric = fabric;
    return Value(MpiJob(0, addresses), facts, name);
  };
  const std::vector<std::string> one = {"10.0.0.1"};
  const std::vector<std::string> two = {"10.0.0.1", "10.0.1.2"};
  EXPECT_EQ(value(one, Fabric::kTcp, "OMPI_MCA_btl"), "self,vader");
  EXPECT_EQ(value(one, Fabric::kEfa, "OMPI_MCA_btl"), "self,vader") << "memory is faster than any network";
  EXPECT_EQ(value(two, Fabric::kTcp, "OMPI_MCA_btl"), "self,vader,tcp");
  EXPECT_EQ(value(two, Fabric::kTcp, "OMPI_MCA_btl_tcp_if_include"), "10.0.0.0/23");
  EXPECT_EQ(value(two, Fabric::kInfiniband, "OMPI_MCA_pml"), "ucx");
  EXPECT_EQ(value(two, Fabric::kEfa, "OMPI_MCA_pml"), "cm");
  EXPECT_EQ(value(two, Fabric::kEfa, "OMPI_MCA_mtl"), "ofi");
  EXPECT_EQ(value(two, Fabric::kEfa, "OMPI_MCA_mtl_ofi_provider_include"), "efa");
  EXPECT_EQ(value(two, Fabric::kEfa, "OMPI_MCA_btl"), "self,vader,tcp")
      << "openib and efa exclude each other";
  EXPECT_EQ(value(two, Fabric::kOther, "OMPI_MCA_pml"), "(none)");
  EXPECT_EQ(value(two, Fabric::kOther, "UCX_TLS"), "(none)");
}

TEST(MpiEnvironment, TheNetworkIsTheSmallestThatHoldsAllNodes) {
  const auto network = [](const std::vector<std::string>& addresses) {
    return CommonNetwork(MpiJob(0, addresses).gang());
  };
  EXPECT_EQ(network({"127.0.0.1", "127.0.0.1"}), "127.0.0.0/31");
  EXPECT_EQ(network({"10.0.0.1", "10.0.0.2", "10.0.7.9"}), "10.0.0.0/21");
  EXPECT_EQ(network({"10.0.0.1", "192.168.0.1"}), "") << "it would be nearly everything";
  EXPECT_EQ(network({"10.0.0.1", "fd00::2"}), "");
  EXPECT_EQ(network({"10.0.0.1", "node7.example"}), "");
}

TEST(MpiEnvironment, RanksThatShareTooFewProcessorsYieldAndAreNotBound) {
  MpiFacts facts = Machine();
  const v1::Launch shared = MpiJob(0, {"127.0.0.1", "127.0.0.1"});
  EXPECT_EQ(Value(shared, facts, "OMPI_MCA_mpi_yield_when_idle"), "(none)");
  EXPECT_EQ(Value(shared, facts, "OMPI_MCA_hwloc_base_binding_policy"), "none")
      << "both nodes would take the first";
  facts.machine_cpus = 3;
  EXPECT_EQ(Value(shared, facts, "OMPI_MCA_mpi_yield_when_idle"), "1");
  facts.machine_cpus = 2;
  facts.bound = true;
  EXPECT_EQ(Value(shared, facts, "OMPI_MCA_mpi_yield_when_idle"), "(none)");
  EXPECT_EQ(Value(shared, facts, "OMPI_MCA_hwloc_base_binding_policy"), "none")
      << "bsub-lite-rank does it: Open MPI would take the machine's first";
}

TEST(MpiEnvironment, OpenMpiBindsRanksOnlyWhereNoOtherTaskHasProcessors) {
  v1::Launch launch = MpiJob(0, {"10.0.0.1"});
  EXPECT_EQ(Value(launch, Machine(), "OMPI_MCA_hwloc_base_binding_policy"), "(none)");
  launch.set_cpu_milli(63'000);
  EXPECT_EQ(Value(launch, Machine(), "OMPI_MCA_hwloc_base_binding_policy"), "none");
  launch.mutable_gang()->set_threads_per_rank(4);
  EXPECT_EQ(Value(launch, Machine(), "OMPI_MCA_rmaps_base_mapping_policy"), "(none)");
}

TEST(MpiEnvironment, ThreadsOfARankHaveProcessorsBesideEachOther) {
  v1::Launch launch = MpiJob(0, {"10.0.0.1", "10.0.0.2"});
  launch.mutable_gang()->set_threads_per_rank(4);
  EXPECT_EQ(Value(launch, Machine(), "OMP_NUM_THREADS"), "4");
  EXPECT_EQ(Value(launch, Machine(), "OMPI_MCA_rmaps_base_mapping_policy"), "slot:PE=4");
}

TEST(MpiEnvironment, RootIsAllowedOnlyWhereTheJobsUserIsRoot) {
  v1::Launch launch = MpiJob(0, {"10.0.0.1"});
  EXPECT_EQ(Value(launch, Machine(), "OMPI_ALLOW_RUN_AS_ROOT"), "(none)");
  launch.set_uid(0);
  EXPECT_EQ(Value(launch, Machine(), "OMPI_ALLOW_RUN_AS_ROOT"), "1");
}

TEST(MpiEnvironment, AJobMayNameItsTransportButNotItsLaunchAgent) {
  v1::Launch launch = MpiJob(0, {"10.0.0.1", "10.0.0.2"});
  launch.mutable_environment()->add_variables("OMPI_MCA_btl=self,tcp");
  launch.mutable_environment()->add_variables("OMPI_MCA_plm_rsh_agent=ssh");
  const auto env = Environment(launch);
  EXPECT_THAT(env, Contains("OMPI_MCA_btl=self,tcp"));
  EXPECT_THAT(env, Not(Contains("OMPI_MCA_btl=self,vader,tcp")));
  EXPECT_THAT(env, Not(Contains("OMPI_MCA_plm_rsh_agent=ssh")));
  EXPECT_THAT(env, Contains("OMPI_MCA_plm_rsh_agent=/opt/bin/bsub-lite-rsh"));
}

TEST(MpiEnvironment, HowLongANodeMayTakeToAnswerIsTheNodesSettingOrTheJobs) {
  EXPECT_THAT(Environment(MpiJob(0, {"10.0.0.1", "10.0.0.2"})), Contains("BSUB_STEP_PATIENCE=120"));
  v1::Launch launch = MpiJob(0, {"10.0.0.1", "10.0.0.2"});
  launch.mutable_environment()->add_variables("BSUB_STEP_PATIENCE=600");
  EXPECT_THAT(Environment(launch), Contains("BSUB_STEP_PATIENCE=600"));
}

TEST(MpiEnvironment, AJobSubmittedFromWithinAJobDoesNotInheritItsTransport) {
  v1::Launch launch = MpiJob(0, {"10.0.0.1", "10.0.0.2"});
  for (const char* outer :
       {"OMPI_MCA_btl=self,vader", "OMPI_MCA_pml=mine", "BSUB_MPI_DEFAULTS=OMPI_MCA_btl,UCX_TLS"})
    launch.mutable_environment()->add_variables(outer);
  const auto env = Environment(launch);
  EXPECT_THAT(env, Contains("OMPI_MCA_btl=self,vader,tcp"));
  EXPECT_THAT(env, Contains("OMPI_MCA_pml=mine"));
  EXPECT_THAT(env, Contains(StartsWith("BSUB_MPI_DEFAULTS=")));
}

}  // namespace
}  // namespace bsub::worker
