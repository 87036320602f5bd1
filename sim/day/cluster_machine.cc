#include "sim/day/cluster_machine.h"

#include <limits>
#include <string>
#include <utility>
#include <variant>

#include "common/check.h"

namespace bsub::sim {
namespace {

// Midnight of 2000-01-01 UTC; any would do.
constexpr std::int64_t kMidnight = 946'684'800;
constexpr std::int64_t kMicros = 1'000'000;
constexpr std::int64_t kMemPerCpu = std::int64_t{1} << 30;

// Those of a daemon, but that nobody is kept from submitting.
sched::Settings DaySettings(std::shared_ptr<const sched::Topology> topology) {
  sched::Settings settings;
  settings.max_waiting_per_user = 0;
  settings.topology = std::move(topology);
  return settings;
}

sched::AttemptRef FirstAttempt(std::size_t job) { return {{JobId(job + 1), 0}, 1}; }

}  // namespace

ClusterMachine::ClusterMachine(std::shared_ptr<const sched::Topology> topology, const ReplayPolicy& policy)
    : scheduler_(DaySettings(topology)) {
  SetTime(0);
  Handle(sched::Started{.cluster_uuid_if_new = "00000000-0000-4000-8000-000000000001"});
  sched::Queue queue = scheduler_.state().queues.at(scheduler_.state().default_queue);
  queue.order = policy.order;
  queue.backfill = policy.backfill;
  queue.overdue_after = policy.overdue_after;
  Handle(
      sched::SetQueue{.reply = {}, .who = {.uid = 0, .gid = 0, .name = "root"}, .queue = std::move(queue)});
  Register(*topology);
}

void ClusterMachine::Register(const sched::Topology& topology) {
  for (sched::NodeIndex i = 0; i < topology.node_count(); ++i) {
    const std::string& name = topology.node(i).name;
    sched::NodeHello hello;
    hello.stream = sched::StreamId(i + 1);
    hello.description.name = hello.description.host = name;
    hello.description.boot_id = hello.description.spawner_id = name;
    hello.description.total = topology.types()[topology.node(i).type].resources;
    Handle(std::move(hello));
    BSUB_CHECK(scheduler_.state().nodes.size() == i + 1) << "node " << name << " was refused";
  }
}

void ClusterMachine::SetTime(std::int64_t now) { now_ = TimePoint((kMidnight + now) * kMicros); }

sched::Outcome ClusterMachine::Handle(sched::InputBody body) {
  sched::Outcome outcome = scheduler_.Handle({now_, std::move(body)});
  wanted_ = wanted_ || outcome.cycle_wanted;
  return outcome;
}

std::int64_t ClusterMachine::waiting() const {
  return scheduler_.UsageOf(scheduler_.state().default_queue).waiting;
}

std::shared_ptr<const JobSettings> ClusterMachine::SettingsFor(const DayJob& job) {
  std::shared_ptr<const JobSettings>& known = kinds_[{job.user, job.nodes, job.cpus, job.limit}];
  if (known) return known;
  JobSettings settings;
  const std::uint32_t uid = 1000 + job.user;
  settings.owner = {.uid = uid, .gid = uid, .name = "u" + std::to_string(job.user)};
  settings.queue = scheduler_.state().default_queue;
  settings.request = {std::int64_t{job.cpus} * 1000, job.cpus * kMemPerCpu, 0};
  settings.gang.nodes = job.nodes;
  settings.walltime = Duration(job.limit * kMicros);
  settings.working_directory = "/";
  known = std::make_shared<const JobSettings>(std::move(settings));
  return known;
}

void ClusterMachine::Submit(const DayJob& job) {
  JobSpec spec;
  spec.settings = SettingsFor(job);
  spec.command.bytes.front() = 1;
  const std::uint64_t before = scheduler_.state().next_job_id;
  Principal who = spec.settings->owner;
  Handle(sched::Submit{.reply = {}, .who = std::move(who), .spec = std::move(spec)});
  BSUB_CHECK(scheduler_.state().next_job_id == before + 1) << "a job of the day was refused";
}

void ClusterMachine::End(std::size_t job) {
  const auto places = running_.extract(job);
  BSUB_CHECK(!places.empty()) << "job " << job << " does not run";
  for (const Place& place : places.mapped())
    Handle(sched::TaskEnded{
        place.node, place.incarnation, FirstAttempt(job), {EndKind::kExited, 0, "", ""}, {}});
}

void ClusterMachine::Start(const sched::LaunchTask& launch) {
  const std::size_t job = launch.attempt.task.job.value() - 1;
  std::vector<Place>& places = running_[job];
  if (places.empty()) started_.push_back(job);
  places.push_back({launch.node, launch.incarnation});
}

const std::vector<std::size_t>& ClusterMachine::Pass() {
  started_.clear();
  while (std::exchange(wanted_, false)) {
    ++cycles_;
    for (const sched::Message& message : Handle(sched::RunCycle{}).messages) {
      if (const auto* launch = std::get_if<sched::LaunchTask>(&message)) Start(*launch);
    }
  }
  for (const std::size_t job : started_) {
    for (const Place& place : running_.at(job))
      Handle(sched::TaskStarted{place.node, place.incarnation, FirstAttempt(job), 1});
  }
  wanted_ = false;
  return started_;
}

void ClusterMachine::Tick() { Handle(sched::Tick{}); }

}  // namespace bsub::sim
