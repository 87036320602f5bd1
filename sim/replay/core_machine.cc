#include "sim/replay/core_machine.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

#include "scheduler/core/start_study.h"

namespace bsub::sim {
namespace {

// Then finished jobs are forgotten: few at a time, whose memory the next ones get while it is at hand.
constexpr std::size_t kEndsPerTick = 6;

sched::Settings ReplaySettings() {
  sched::Settings settings;
  settings.max_jobs = std::numeric_limits<std::int64_t>::max();
  settings.max_waiting_per_user = 0;
  settings.finished_retention = std::chrono::hours(24);
  settings.max_planned_jobs = std::numeric_limits<std::uint32_t>::max();
  return settings;
}

}  // namespace

CoreMachine::CoreMachine(std::int64_t processors, const ReplayPolicy& policy)
    : perfect_(policy.perfect),
      core_(ReplaySettings(), policy),
      node_(core_.Register("machine", {processors * 1000, 0, 0})) {}

std::int64_t CoreMachine::WakeAt() const {
  if (core_.wake_at() == TimePoint::Max()) return std::numeric_limits<std::int64_t>::max();
  return DrivenCore::SecondOf(std::max(core_.wake_at(), core_.now() + Duration(1)));
}

std::optional<CoreMachine::Outlook> CoreMachine::OutlookOf(std::size_t job) const {
  const auto forecast = core_.scheduler().ForecastOf({JobId(job + 1), std::nullopt}, core_.now(), 1);
  if (!forecast || !forecast->study) return std::nullopt;
  const sched::StartOutlook outlook = forecast->study->Run();
  if (!outlook.p50.set() || !outlook.p90.set()) return std::nullopt;
  return Outlook{DrivenCore::SecondOf(outlook.p50), DrivenCore::SecondOf(outlook.p90)};
}

std::shared_ptr<const JobSettings> CoreMachine::SettingsFor(const WorkloadJob& job) {
  const std::int64_t limit = perfect_ ? job.run : job.estimate;
  std::shared_ptr<const JobSettings>& known = kinds_[{job.user, job.processors, limit}];
  if (known) return known;
  JobSettings settings = SettingsOfUser(core_, job.user);
  settings.request.cpu_milli = job.processors * 1000;
  settings.walltime = std::chrono::seconds(limit);
  known = std::make_shared<const JobSettings>(std::move(settings));
  return known;
}

void CoreMachine::End(std::size_t job) {
  core_.Ended(job, node_);
  if (++ended_since_tick_ < kEndsPerTick) return;
  ended_since_tick_ = 0;
  core_.Tick();
}

const std::vector<std::size_t>& CoreMachine::Pass() {
  started_.clear();
  constexpr auto kNoBound = std::numeric_limits<std::uint32_t>::max();
  for (const sched::Message& message : core_.RunCycle(kNoBound).messages) {
    if (const auto* launch = std::get_if<sched::LaunchTask>(&message))
      started_.push_back(DrivenCore::JobOf(*launch));
  }
  for (const std::size_t job : started_) core_.Started(job, node_);
  return started_;
}

}  // namespace bsub::sim
