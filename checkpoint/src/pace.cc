#include "checkpoint/src/pace.h"

#include <algorithm>

#include "checkpoint/src/interval.h"

namespace bsub::ckpt {
namespace {

constexpr double kUsualBytesPerSecond = 1e9;  // until a save was measured
constexpr double kLeastCost = 0.001;          // manifest and syncs, however small the state
constexpr double kShortestInterval = 1;  // what a program can say in no less time is not worth a file each

}  // namespace

Pace::Pace(const PaceSettings& settings, std::uint64_t state_bytes, double now)
    : settings_(settings),
      estimate_(std::max(kLeastCost, static_cast<double>(state_bytes) / kUsualBytesPerSecond)),
      last_end_(now) {}

void Pace::See(const control::PageState& page, double) {
  // Requests from before this program began are not for it.
  if (!seen_) served_saves_ = page.save_requests;
  seen_ = true;
  page_ = page;
}

void Pace::SaveEnded(double held, double total, double now, bool differential) {
  held = std::max(kLeastCost, held);
  latest_[saves_++ % latest_.size()] = {held, std::max(held, total), differential};
  last_end_ = now;
}

double Pace::Mean(double Cost::*what) const {
  if (saves_ == 0) return estimate_;
  double sum = 0;
  for (const Cost& cost : Latest()) sum += cost.*what;
  return sum / static_cast<double>(Latest().size());
}

// Until one of a kind was measured, it takes as long as the newest of the other. One slow save says nothing
// of those after it.
double Pace::Newest(bool full) const {
  for (std::size_t back = 1; back <= Latest().size(); ++back) {
    const Cost& cost = latest_[(saves_ - back) % latest_.size()];
    if (cost.differential != full) return cost.total;
  }
  return latest_[(saves_ - 1) % latest_.size()].total;
}

double Pace::interval() const {
  if (settings_.interval > 0) return settings_.interval;
  if (page_.interval_ms > 0) return static_cast<double>(page_.interval_ms) / 1000;
  double mean_between = settings_.mean_between;
  if (page_.mean_interruption_ms > 0) mean_between = static_cast<double>(page_.mean_interruption_ms) / 1000;
  if (mean_between <= 0) mean_between = kUsualMeanBetween;
  return std::max({kShortestInterval, Mean(&Cost::total), BestInterval(Mean(&Cost::held), mean_between)});
}

double Pace::Remaining(std::int64_t monotonic_ns) const {
  if (page_.deadline_ns == 0) return -1;
  return std::max(0.0, static_cast<double>(page_.deadline_ns - monotonic_ns) / 1e9);
}

bool Pace::EnoughTime(std::int64_t monotonic_ns, bool next_is_full) const {
  const double remaining = Remaining(monotonic_ns);
  return remaining < 0 || saves_ == 0 || remaining > Newest(next_is_full);
}

}  // namespace bsub::ckpt
