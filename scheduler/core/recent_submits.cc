#include "scheduler/core/recent_submits.h"

#include <utility>

namespace bsub::sched {

std::shared_ptr<const JobSettings> RecentSubmits::Add(TimePoint at, const JobSpec& spec) {
  if (spec.held || !spec.dependency.empty() || spec.begin_at > at) return nullptr;
  if (kept_.size() < kKept) {
    kept_.push_back({at, spec.settings, spec.array});
    return nullptr;
  }
  Submitted& oldest = kept_[next_];
  next_ = (next_ + 1) % kKept;
  oldest.at = at;
  oldest.array = spec.array;
  return std::exchange(oldest.settings, spec.settings);
}

std::vector<RecentSubmits::Arrival> RecentSubmits::InOrder() const {
  std::vector<Arrival> arrivals;
  if (kept_.size() < kEnough) return arrivals;
  const std::size_t n = kept_.size();
  const Duration span = kept_[(next_ + n - 1) % n].at - kept_[next_ % n].at;
  // Nothing came before the oldest one: its gap is the mean.
  TimePoint before = kept_[next_ % n].at - span / static_cast<std::int64_t>(n - 1);
  for (std::size_t i = 0; i < n; ++i) {
    const Submitted& submitted = kept_[(next_ + i) % n];
    arrivals.push_back({submitted.at - before, submitted.settings, submitted.array});
    before = submitted.at;
  }
  return arrivals;
}

}  // namespace bsub::sched
