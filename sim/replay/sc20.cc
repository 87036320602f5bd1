#include "sim/replay/sc20.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sim/replay/metrics.h"

namespace bsub::sim {
namespace {

std::pair<double, double> KeyOf(const WorkloadJob& job, Sc20Key key) {
  const auto submit = static_cast<double>(job.submit), estimate = static_cast<double>(job.estimate);
  switch (key) {
    case Sc20Key::kFcfs:
      return {submit, 0};
    case Sc20Key::kSjf:
      return {estimate, submit};
    case Sc20Key::kF1:
      return {std::log10(estimate) * static_cast<double>(job.processors) + 870 * std::log10(submit), 0};
  }
  return {};
}

class PickAndHold {
 public:
  PickAndHold(const std::vector<WorkloadJob>& jobs, std::int64_t processors, Sc20Key key, bool backfill)
      : jobs_(jobs), key_(key), backfill_(backfill), free_(processors), starts_(jobs.size(), -1) {}

  Starts Run() {
    now_ = jobs_.front().submit;
    queue_.push_back(next_++);
    while (!queue_.empty()) {
      const std::size_t job = Pick();
      if (!Fits(job)) Hold(job);
      Start(job);
      while (queue_.empty() && next_ < jobs_.size()) Advance();
    }
    return std::move(starts_);
  }

 private:
  struct OnMachine {
    std::int64_t end;
    std::int64_t estimated_end;
    std::size_t job;
  };

  bool Fits(std::size_t job) const { return jobs_[job].processors <= free_; }

  std::size_t Pick() {
    std::stable_sort(queue_.begin(), queue_.end(), [this](std::size_t a, std::size_t b) {
      return KeyOf(jobs_[a], key_) < KeyOf(jobs_[b], key_);
    });
    const std::size_t job = queue_.front();
    queue_.erase(queue_.begin());
    return job;
  }

  void Hold(std::size_t job) {
    const std::int64_t shadow = backfill_ ? ShadowOf(job) : 0;
    while (!Fits(job)) {
      if (backfill_) StartThoseBefore(shadow);
      Advance();
    }
  }

  std::int64_t ShadowOf(std::size_t job) const {
    std::vector<OnMachine> by_end = running_;
    std::stable_sort(by_end.begin(), by_end.end(), [](const OnMachine& a, const OnMachine& b) {
      return a.estimated_end < b.estimated_end;
    });
    std::int64_t free = free_;
    for (const OnMachine& r : by_end) {
      free += jobs_[r.job].processors;
      if (jobs_[job].processors <= free) return r.estimated_end;
    }
    return now_;
  }

  void StartThoseBefore(std::int64_t shadow) {
    std::vector<std::size_t> waiting = queue_;
    std::stable_sort(waiting.begin(), waiting.end(),
                     [this](std::size_t a, std::size_t b) { return jobs_[a].submit < jobs_[b].submit; });
    for (const std::size_t job : waiting) {
      if (!Fits(job) || now_ + jobs_[job].estimate >= shadow) continue;
      Start(job);
      queue_.erase(std::find(queue_.begin(), queue_.end(), job));
    }
  }

  void Start(std::size_t job) {
    starts_[job] = now_;
    free_ -= jobs_[job].processors;
    running_.push_back({now_ + jobs_[job].run, now_ + jobs_[job].estimate, job});
  }

  void Advance() {
    const auto first_end =
        std::min_element(running_.begin(), running_.end(),
                         [](const OnMachine& a, const OnMachine& b) { return a.end < b.end; });
    const bool submits =
        next_ < jobs_.size() && (first_end == running_.end() || jobs_[next_].submit <= first_end->end);
    if (submits) {
      now_ = std::max(now_, jobs_[next_].submit);
      queue_.push_back(next_++);
      return;
    }
    now_ = std::max(now_, first_end->end);
    free_ += jobs_[first_end->job].processors;
    running_.erase(first_end);
  }

  const std::vector<WorkloadJob>& jobs_;
  const Sc20Key key_;
  const bool backfill_;
  std::int64_t free_;
  Starts starts_;
  std::int64_t now_ = 0;
  std::size_t next_ = 0;  // to be submitted
  std::vector<std::size_t> queue_;
  std::vector<OnMachine> running_;
};

}  // namespace

std::string_view ToString(Sc20Key key) {
  switch (key) {
    case Sc20Key::kFcfs:
      return "FCFS";
    case Sc20Key::kSjf:
      return "SJF";
    case Sc20Key::kF1:
      return "F1";
  }
  return "unknown";
}

Result<Workload> Sc20Workload(const SwfLog& log) {
  SwfLog sorted = log;
  std::stable_sort(sorted.records.begin(), sorted.records.end(),
                   [](const SwfRecord& a, const SwfRecord& b) { return a.job() < b.job(); });
  BSUB_ASSIGN_OR_RETURN(Workload workload, Normalise(sorted, kSc20Processors));
  const std::int64_t first = sorted.records.front().submit();
  for (WorkloadJob& job : workload.jobs) job.submit += first;
  for (std::size_t i = 0; i < workload.jobs.size(); ++i) {
    if (workload.left_out > 0 || workload.jobs[i].submit != sorted.records[i].submit()) {
      return InvalidArgument(
          "the log is not the one of the table: expected jobs that can all be replayed, submitted in the "
          "order "
          "of their numbers");
    }
  }
  return workload;
}

Starts Sc20Replay(const std::vector<WorkloadJob>& jobs, std::int64_t processors, Sc20Key key, bool backfill) {
  return PickAndHold(jobs, processors, key, backfill).Run();
}

Result<std::vector<Sc20Cell>> Sc20Table(const Workload& workload) {
  if (workload.jobs.size() < 10'000)
    return InvalidArgument("the table's log has 10000 jobs, this one has " +
                           std::to_string(workload.jobs.size()) + "; expected lublin_256.swf");
  std::vector<Sc20Cell> table;
  for (const bool backfill : {false, true}) {
    for (const Sc20Key key : kSc20Keys) {
      Sc20Cell cell{key, backfill, 0};
      for (const std::size_t first : kSc20Firsts) {
        const auto begin = workload.jobs.begin() + static_cast<std::ptrdiff_t>(first);
        Workload part;
        part.processors = workload.processors;
        part.jobs.assign(begin, begin + kSc20Length);
        const Starts starts = Sc20Replay(part.jobs, part.processors, key, backfill);
        cell.slowdown += Measure(part, starts).average_bounded_slowdown / std::size(kSc20Firsts);
      }
      table.push_back(cell);
    }
  }
  return table;
}

}  // namespace bsub::sim
