#include "sim/replay/replay.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "sim/replay/core_machine.h"

namespace bsub::sim {
namespace {

constexpr std::size_t kEndsPerReport = 256;

// A task that runs. The order is that in which ends are handled: by time, then as they were started.
struct RunningTask {
  std::int64_t end = 0;
  std::size_t start_number = 0;
  std::size_t job = 0;
  friend bool operator<(const RunningTask& a, const RunningTask& b) {
    return std::pair(b.end, b.start_number) < std::pair(a.end, a.start_number);  // for a min-heap
  }
};

class ReplayRun {
 public:
  ReplayRun(const Workload& workload, const ReplayOptions& options)
      : workload_(workload),
        options_(options),
        machine_(workload.processors, options.policy),
        starts_(workload.jobs.size(), -1) {}

  Starts Run() {
    const bool by_event = options_.passes == Passes::kEvent || options_.policy.event_only;
    while (next_ < workload_.jobs.size() || !running_.empty()) {
      now_ = NextTime();
      machine_.SetTime(now_);
      TakeEnds();
      if (ends_.empty() && !SubmitsNow()) {
        if (machine_.Wake()) Pass();
      } else if (by_event) {
        EventPasses();
      } else {
        BatchPass();
      }
    }
    return std::move(starts_);
  }

 private:
  std::int64_t NextTime() const {
    const std::int64_t end = running_.empty() ? INT64_MAX : running_.top().end;
    const std::int64_t submit = next_ < workload_.jobs.size() ? workload_.jobs[next_].submit : INT64_MAX;
    // Only a policy that plans starts has something to do when nothing happens.
    const std::int64_t wake = options_.policy.event_only ? machine_.WakeAt() : INT64_MAX;
    return std::min({end, submit, wake});
  }

  void TakeEnds() {
    ends_.clear();
    for (; !running_.empty() && running_.top().end == now_; running_.pop())
      ends_.push_back(running_.top().job);
  }

  bool SubmitsNow() const { return next_ < workload_.jobs.size() && workload_.jobs[next_].submit == now_; }

  // It is off the machine before the first pass of this instant.
  bool GoesFirst(std::size_t job) const {
    if (options_.policy.event_only) return false;
    return options_.policy.perfect || workload_.jobs[job].run == workload_.jobs[job].estimate;
  }

  void BatchPass() {
    const std::size_t first = next_;
    while (SubmitsNow()) machine_.Submit(workload_.jobs[next_++]);
    for (const std::size_t job : ends_) End(job);
    Pass();
    if (!options_.waits) return;
    for (std::size_t job = first; job < next_; ++job) {
      if (starts_[job] < 0) options_.waits(machine_, job);
    }
  }

  void EventPasses() {
    for (const std::size_t job : ends_) {
      if (GoesFirst(job)) End(job);
    }
    bool passed = false;
    for (; SubmitsNow(); passed = true) {
      machine_.Submit(workload_.jobs[next_++]);
      Pass();
    }
    for (const std::size_t job : ends_) {
      // Of whoever went first there is nothing new since the last pass of this instant.
      if (GoesFirst(job) && passed) continue;
      if (!GoesFirst(job)) End(job);
      Pass();
      passed = true;
    }
  }

  void End(std::size_t job) {
    machine_.End(job);
    if (++ended_ % kEndsPerReport == 0 && options_.progress) options_.progress(ended_);
  }

  void Pass() {
    for (const std::size_t job : machine_.Pass()) {
      starts_[job] = now_;
      running_.push({now_ + workload_.jobs[job].run, start_count_++, job});
    }
  }

  const Workload& workload_;
  const ReplayOptions& options_;
  CoreMachine machine_;
  Starts starts_;
  std::int64_t now_ = 0;
  std::size_t next_ = 0;  // to be submitted
  std::priority_queue<RunningTask> running_;
  std::vector<std::size_t> ends_;  // at this instant
  std::size_t start_count_ = 0;
  std::size_t ended_ = 0;
};

}  // namespace

Starts Replay(const Workload& workload, const ReplayOptions& options) {
  return ReplayRun(workload, options).Run();
}

}  // namespace bsub::sim
