#include "sim/replay/core_machine.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "common/check.h"
#include "scheduler/core/start_study.h"

namespace bsub::sim {
namespace {

// The workload's second 0. Any will do that is a time: 2000-01-01T00:00:00Z.
constexpr std::int64_t kStartSeconds = 946'684'800;
constexpr std::int64_t kMicros = 1'000'000;
constexpr std::size_t kEndsPerTick = 1000;  // then finished jobs are forgotten

sched::Settings ReplaySettings() {
  sched::Settings settings;
  settings.max_jobs = std::numeric_limits<std::int64_t>::max();
  settings.max_waiting_per_user = 0;
  settings.finished_retention = std::chrono::hours(24);
  settings.max_planned_jobs = std::numeric_limits<std::uint32_t>::max();
  return settings;
}

Principal Root() { return {.uid = 0, .gid = 0, .name = "root"}; }

// The first whole second of the workload's time that is not before `at`.
std::int64_t SecondOf(TimePoint at) { return (at.micros() + kMicros - 1) / kMicros - kStartSeconds; }

// Users that the log does not know are one.
Principal UserOf(std::int64_t user) {
  const auto uid = static_cast<std::uint32_t>(std::clamp<std::int64_t>(user, 0, 1'000'000'000)) + 1000;
  return {.uid = uid, .gid = uid, .name = "u" + std::to_string(user)};
}

}  // namespace

CoreMachine::CoreMachine(std::int64_t processors, const ReplayPolicy& policy)
    : perfect_(policy.perfect), scheduler_(ReplaySettings()) {
  SetTime(0);
  Handle(sched::Started{.cluster_uuid_if_new = "00000000-0000-4000-8000-000000000001"});
  sched::Queue queue = scheduler_.state().queues.at(scheduler_.state().default_queue);
  queue.order = policy.order;
  queue.backfill = policy.backfill;
  queue.overdue_after = policy.overdue_after;
  queue.favour_short = policy.favour_short;
  Handle(sched::SetQueue{.reply = {}, .who = Root(), .queue = std::move(queue)});
  sched::NodeHello hello;
  hello.stream = sched::StreamId(1);
  hello.description.name = "machine";
  hello.description.boot_id = hello.description.spawner_id = hello.description.host = "machine";
  hello.description.total = {processors * 1000, 0, 0};
  Handle(std::move(hello));
  const sched::Node* node = scheduler_.state().FindNode("machine");
  BSUB_CHECK(node != nullptr) << "the machine was refused";
  node_ = node->id;
  incarnation_ = node->incarnation;
}

void CoreMachine::SetTime(std::int64_t now) { now_ = TimePoint((kStartSeconds + now) * kMicros); }

sched::Outcome CoreMachine::Handle(sched::InputBody body) {
  sched::Outcome outcome = scheduler_.Handle({now_, std::move(body)});
  wake_at_ = outcome.wake_at;
  return outcome;
}

std::int64_t CoreMachine::WakeAt() const {
  if (wake_at_ == TimePoint::Max()) return std::numeric_limits<std::int64_t>::max();
  return SecondOf(std::max(wake_at_, now_ + Duration(1)));
}

bool CoreMachine::Wake() { return Handle(sched::Tick{}).cycle_wanted; }

std::optional<CoreMachine::Outlook> CoreMachine::OutlookOf(std::size_t job) const {
  const auto forecast = scheduler_.ForecastOf({JobId(job + 1), std::nullopt}, now_, 1);
  if (!forecast || !forecast->study) return std::nullopt;
  const sched::StartOutlook outlook = forecast->study->Run();
  if (!outlook.p50.set() || !outlook.p90.set()) return std::nullopt;
  return Outlook{SecondOf(outlook.p50), SecondOf(outlook.p90)};
}

std::shared_ptr<const JobSettings> CoreMachine::SettingsFor(const WorkloadJob& job) {
  const std::int64_t limit = perfect_ ? job.run : job.estimate;
  std::shared_ptr<const JobSettings>& known = kinds_[{job.user, job.processors, limit}];
  if (known) return known;
  JobSettings settings;
  settings.owner = UserOf(job.user);
  settings.queue = scheduler_.state().default_queue;
  settings.request.cpu_milli = job.processors * 1000;
  settings.walltime = Duration(limit * kMicros);
  settings.working_directory = "/";
  known = std::make_shared<const JobSettings>(std::move(settings));
  return known;
}

void CoreMachine::Submit(const WorkloadJob& job) {
  JobSpec spec;
  spec.settings = SettingsFor(job);
  spec.command.bytes.front() = 1;
  const std::uint64_t before = scheduler_.state().next_job_id;
  Principal who = spec.settings->owner;
  Handle(sched::Submit{.reply = {}, .who = std::move(who), .spec = std::move(spec)});
  BSUB_CHECK(scheduler_.state().next_job_id == before + 1) << "a job of the workload was refused";
}

void CoreMachine::End(std::size_t job) {
  const sched::AttemptRef attempt{{JobId(job + 1), 0}, 1};
  Handle(sched::TaskEnded{node_, incarnation_, attempt, {EndKind::kExited, 0, "", ""}, {}});
  if (++ended_since_tick_ < kEndsPerTick) return;
  ended_since_tick_ = 0;
  Handle(sched::Tick{});
}

const std::vector<std::size_t>& CoreMachine::Pass() {
  started_.clear();
  const sched::Outcome outcome = Handle(sched::RunCycle{std::numeric_limits<std::uint32_t>::max()});
  for (const sched::Message& message : outcome.messages) {
    if (const auto* launch = std::get_if<sched::LaunchTask>(&message))
      started_.push_back(launch->attempt.task.job.value() - 1);
  }
  for (const std::size_t job : started_)
    Handle(sched::TaskStarted{node_, incarnation_, {{JobId(job + 1), 0}, 1}, 1});
  return started_;
}

}  // namespace bsub::sim
