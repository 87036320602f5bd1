#include "sim/day/day_run.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "sim/day/cluster_machine.h"

namespace bsub::sim {
namespace {

constexpr std::size_t kEndsBetweenReports = 1024;
constexpr std::int64_t kTickSeconds = 60;

class DayRun {
 public:
  DayRun(const std::vector<DayJob>& jobs, const std::shared_ptr<const sched::Topology>& topology,
         const ReplayPolicy& policy, const std::function<void(std::size_t)>& progress)
      : jobs_(jobs), progress_(progress), machine_(topology, policy) {
    result_.starts.assign(jobs.size(), -1);
  }

  // All that happens in one second, then the scheduling cycles that it asks for.
  DayResult Run() {
    while (next_ < jobs_.size() || !ends_.empty()) {
      const std::int64_t now = NextTime();
      machine_.SetTime(now);
      if (now >= next_tick_) {
        machine_.Tick();
        next_tick_ = now + kTickSeconds;
      }
      for (; next_ < jobs_.size() && jobs_[next_].submit == now; ++next_) machine_.Submit(jobs_[next_]);
      for (; !ends_.empty() && ends_.top().first == now; ends_.pop()) End(ends_.top().second, now);
      for (const std::size_t job : machine_.Pass()) {
        result_.starts[job] = now;
        ends_.emplace(now + jobs_[job].run, job);
      }
      result_.longest_queue = std::max(result_.longest_queue, machine_.waiting());
    }
    result_.cycles = machine_.cycles();
    return std::move(result_);
  }

 private:
  using TaskEnd = std::pair<std::int64_t, std::size_t>;  // when, which job

  std::int64_t NextTime() const {
    const std::int64_t end = ends_.empty() ? INT64_MAX : ends_.top().first;
    return next_ < jobs_.size() ? std::min(end, jobs_[next_].submit) : end;
  }

  void End(std::size_t job, std::int64_t now) {
    machine_.End(job);
    result_.last_end = now;
    if (++ended_ % kEndsBetweenReports == 0 && progress_) progress_(ended_);
  }

  const std::vector<DayJob>& jobs_;
  const std::function<void(std::size_t)>& progress_;
  ClusterMachine machine_;
  DayResult result_;
  std::size_t next_ = 0;  // to be submitted
  std::priority_queue<TaskEnd, std::vector<TaskEnd>, std::greater<>> ends_;
  std::size_t ended_ = 0;
  std::int64_t next_tick_ = kTickSeconds;
};

}  // namespace

DayResult RunDay(const std::vector<DayJob>& jobs, std::shared_ptr<const sched::Topology> topology,
                 const ReplayPolicy& policy, const std::function<void(std::size_t)>& progress) {
  return DayRun(jobs, topology, policy, progress).Run();
}

}  // namespace bsub::sim
