#include "cli/supervisor/daemon_spec.h"

#include <cstdio>

namespace bsub::cli {
namespace {

constexpr const char* kScheduler = "bsub-lite-scheduler";
constexpr const char* kSpawner = "bsub-lite-spawner";
constexpr const char* kAgent = "bsub-lite-agent";
constexpr const char* kSupervisor = "bsub-lite-supervisor";

std::string CpuText(std::int64_t cpu_milli) {
  char text[32];
  std::snprintf(text, sizeof text, "%lldm", static_cast<long long>(cpu_milli));
  return text;
}

DaemonSpec Scheduler(const ClusterFile& cluster, const HomeLayout& layout, const std::string& programs) {
  DaemonSpec spec{DaemonKind::kScheduler,
                  std::string(kSchedulerName),
                  {programs + "/" + kScheduler, "--home", layout.home},
                  {}};
  if (!cluster.config.empty()) spec.argv.insert(spec.argv.end(), {"--config", cluster.config});
  return spec;
}

std::vector<std::string> Joined(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

DaemonSpec Spawner(const ClusterFile& cluster, const HomeLayout& layout, const std::string& programs,
                   const std::string& node) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(cluster.supervisor.task_stop).count();
  const std::vector<std::string> words = {programs + "/" + kSpawner,
                                          "--state",
                                          layout.NodeDir(node) + "/spawner",
                                          "--node",
                                          node,
                                          "--launch-key",
                                          layout.LaunchKey(),
                                          "--shutdown-grace",
                                          std::to_string(seconds) + "s"};
  return {DaemonKind::kSpawner, "spawner-" + node, Joined(words, cluster.supervisor.spawner_options),
          layout.LaunchKey()};  // the scheduler makes it
}

DaemonSpec Agent(const ClusterFile& cluster, const HomeLayout& layout, const std::string& programs,
                 const LocalNode& local) {
  const std::string& node = local.name;
  std::vector<std::string> words = {programs + "/" + kAgent,
                                    "--scheduler",
                                    "unix:" + layout.SchedulerSocket(),
                                    "--spawner",
                                    layout.NodeDir(node) + "/spawner/spawner.sock",
                                    "--name",
                                    node,
                                    "--cpus",
                                    CpuText(local.cpu_milli),
                                    "--memory",
                                    std::to_string(local.mem_bytes),
                                    "--home",
                                    layout.NodeDir(node) + "/agent"};
  if (local.gpus > 0) words.insert(words.end(), {"--gpus", std::to_string(local.gpus)});
  if (local.interruptible) words.emplace_back("--interruptible");
  return {DaemonKind::kAgent, "agent-" + node, Joined(words, cluster.supervisor.agent_options), {}};
}

}  // namespace

std::vector<DaemonSpec> DaemonsOf(const ClusterFile& cluster, const HomeLayout& layout,
                                  const std::string& programs) {
  std::vector<DaemonSpec> specs = {Scheduler(cluster, layout, programs)};
  for (const LocalNode& node : cluster.Nodes()) {
    specs.push_back(Spawner(cluster, layout, programs, node.name));
    specs.push_back(Agent(cluster, layout, programs, node));
  }
  return specs;
}

std::vector<std::string> ProgramNames() { return {kScheduler, kSpawner, kAgent, kSupervisor}; }

}  // namespace bsub::cli
