#include "cli/supervisor/daemon_spec.h"

#include <gmock/gmock.h>

namespace bsub::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;

const ClusterFile kCluster{
    .nodes = 2, .cpu_milli = 2500, .mem_bytes = 4096, .config = "/c.yaml", .supervisor = {}};

TEST(DaemonSpecs, OneSchedulerAndAPairForEachNode) {
  std::vector<std::string> names;
  for (const DaemonSpec& spec : DaemonsOf(kCluster, {"/h"}, "/opt/bin")) names.push_back(spec.name);
  EXPECT_THAT(names, ElementsAre("scheduler", "spawner-n1", "agent-n1", "spawner-n2", "agent-n2"));
}

TEST(DaemonSpecs, AgentAndSpawnerOfANodeMeetAtOneSocket) {
  const auto specs = DaemonsOf(kCluster, {"/h"}, "/opt/bin");
  EXPECT_THAT(specs[0].argv,
              ElementsAre("/opt/bin/bsub-lite-scheduler", "--home", "/h", "--config", "/c.yaml"));
  EXPECT_THAT(specs[3].argv, IsSupersetOf({"--state", "/h/nodes/n2/spawner", "--node", "n2"}));
  EXPECT_THAT(specs[4].argv, IsSupersetOf({"/h/nodes/n2/spawner/spawner.sock", "n2", "2500m", "4096"}));
  EXPECT_THAT(specs[4].argv, Contains("unix:/h/run/scheduler.sock"));
}

TEST(DaemonSpecs, OptionsOfTheClusterFileComeLast) {
  ClusterFile cluster = kCluster;
  cluster.supervisor.spawner_options = {"--cgroups", "all"};
  cluster.supervisor.agent_options = {"--gpus", "2"};
  const auto specs = DaemonsOf(cluster, {"/h"}, "/opt/bin");
  const auto last_two = [](const DaemonSpec& spec) {
    return std::vector<std::string>(spec.argv.end() - 2, spec.argv.end());
  };
  EXPECT_THAT(last_two(specs[1]), ElementsAre("--cgroups", "all"));
  EXPECT_THAT(last_two(specs[2]), ElementsAre("--gpus", "2"));
  EXPECT_THAT(last_two(specs[3]), ElementsAre("--cgroups", "all"));
}

TEST(DaemonSpecs, NodesOfAConfigurationHaveTheirOwnSizes) {
  ClusterFile cluster = kCluster;
  cluster.named = {{"a1", 72'000, 1 << 20, 4, true}, {"b1", 1'000, 1 << 21, 0, false}};
  const auto specs = DaemonsOf(cluster, {"/h"}, "/opt/bin");
  EXPECT_THAT(specs[2].argv, IsSupersetOf({"a1", "72000m", "1048576", "--gpus", "4", "--interruptible"}));
  EXPECT_THAT(specs[4].argv, IsSupersetOf({"b1", "1000m", "2097152"}));
  EXPECT_THAT(specs[4].argv, testing::Not(Contains("--interruptible")));
}

}  // namespace
}  // namespace bsub::cli
