#include "sim/day/cluster_machine.h"

#include <utility>
#include <variant>

#include "common/check.h"

namespace bsub::sim {
namespace {

constexpr std::int64_t kMemPerCpu = std::int64_t{1} << 30;

// Those of a daemon, but that nobody is kept from submitting.
sched::Settings DaySettings(std::shared_ptr<const sched::Topology> topology) {
  sched::Settings settings;
  settings.max_waiting_per_user = 0;
  settings.topology = std::move(topology);
  return settings;
}

}  // namespace

ClusterMachine::ClusterMachine(const std::shared_ptr<const sched::Topology>& topology,
                               const ReplayPolicy& policy)
    : core_(DaySettings(topology), policy) {
  for (sched::NodeIndex i = 0; i < topology->node_count(); ++i) {
    const auto& node = topology->node(i);
    core_.Register(node.name, topology->types()[node.type].resources);
  }
}

std::int64_t ClusterMachine::waiting() const {
  return core_.scheduler().UsageOf(core_.scheduler().state().default_queue).waiting;
}

std::shared_ptr<const JobSettings> ClusterMachine::SettingsFor(const DayJob& job) {
  std::shared_ptr<const JobSettings>& known = kinds_[{job.user, job.nodes, job.cpus, job.limit}];
  if (known) return known;
  JobSettings settings = SettingsOfUser(core_, job.user);
  settings.request = {std::int64_t{job.cpus} * 1000, job.cpus * kMemPerCpu, 0};
  settings.gang.nodes = job.nodes;
  settings.walltime = std::chrono::seconds(job.limit);
  known = std::make_shared<const JobSettings>(std::move(settings));
  return known;
}

void ClusterMachine::End(std::size_t job) {
  const auto places = running_.extract(job);
  BSUB_CHECK(!places.empty()) << "job " << job << " does not run";
  for (const DrivenNode& place : places.mapped()) core_.Ended(job, place);
}

void ClusterMachine::Start(const sched::LaunchTask& launch) {
  const std::size_t job = DrivenCore::JobOf(launch);
  std::vector<DrivenNode>& places = running_[job];
  if (places.empty()) started_.push_back(job);
  places.push_back({launch.node, launch.incarnation});
}

const std::vector<std::size_t>& ClusterMachine::Pass() {
  started_.clear();
  while (core_.TakeCycleWish()) {
    ++cycles_;
    for (const sched::Message& message : core_.RunCycle().messages) {
      if (const auto* launch = std::get_if<sched::LaunchTask>(&message)) Start(*launch);
    }
  }
  for (const std::size_t job : started_) {
    for (const DrivenNode& place : running_.at(job)) core_.Started(job, place);
  }
  core_.TakeCycleWish();  // that something has begun leaves no room
  return started_;
}

}  // namespace bsub::sim
