#include "sim/replay/load_series.h"

#include <algorithm>
#include <map>

namespace bsub::sim {
namespace {

class Slices {
 public:
  Slices(const ReplaySpan& span, std::size_t count)
      : span_(span), count_(count), width_(span.length() / static_cast<double>(count)) {}

  // Slices from the first submit on; a fraction is how much of a slice is over.
  double At(std::int64_t time) const { return static_cast<double>(time - span_.begin) / width_; }
  std::size_t IndexOf(std::int64_t time) const {
    return std::min(static_cast<std::size_t>(At(time)), count_ - 1);
  }

  // Adds `amount`, which is there from `begin` to `end`, to the means.
  void AddMean(std::int64_t begin, std::int64_t end, double amount, std::vector<double>& means) const {
    const double from = At(begin), to = At(end);
    for (std::size_t i = IndexOf(begin); i < count_ && static_cast<double>(i) < to; ++i) {
      const auto low = static_cast<double>(i);
      means[i] += amount * (std::min(to, low + 1) - std::max(from, low));
    }
  }

 private:
  const ReplaySpan span_;
  const std::size_t count_;
  const double width_;  // seconds
};

// How many more jobs wait, by instant; those that started at once never did.
std::map<std::int64_t, std::int64_t> QueueChanges(const Workload& workload, const Starts& starts) {
  std::map<std::int64_t, std::int64_t> changes;
  for (std::size_t i = 0; i < workload.jobs.size(); ++i) {
    if (starts[i] == workload.jobs[i].submit) continue;
    ++changes[workload.jobs[i].submit];
    --changes[starts[i]];
  }
  return changes;
}

std::vector<double> LongestQueues(const Workload& workload, const Starts& starts, const Slices& slices,
                                  std::size_t count) {
  std::vector<double> longest(count, 0);
  std::size_t at = 0;
  std::int64_t waiting = 0;
  for (const auto& [time, change] : QueueChanges(workload, starts)) {
    for (const std::size_t now = slices.IndexOf(time); at < now;)
      longest[++at] = static_cast<double>(waiting);  // how it was when that slice began
    waiting += change;
    longest[at] = std::max(longest[at], static_cast<double>(waiting));
  }
  return longest;
}

}  // namespace

ReplaySpan SpanOf(const Workload& workload, const Starts& starts) {
  ReplaySpan span{.begin = workload.jobs.front().submit, .end = 0};
  for (std::size_t i = 0; i < starts.size(); ++i)
    span.end = std::max(span.end, starts[i] + workload.jobs[i].run);
  return span;
}

LoadSeries LoadOver(const Workload& workload, const Starts& starts, std::size_t slices) {
  LoadSeries series{
      .busy = std::vector<double>(slices, 0), .waiting = std::vector<double>(slices, 0), .longest = {}};
  const Slices grid(SpanOf(workload, starts), slices);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const WorkloadJob& job = workload.jobs[i];
    grid.AddMean(starts[i], starts[i] + job.run, static_cast<double>(job.processors), series.busy);
    grid.AddMean(job.submit, starts[i], 1, series.waiting);
  }
  series.longest = LongestQueues(workload, starts, grid, slices);
  return series;
}

}  // namespace bsub::sim
