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
      held_(std::max(kLeastCost, static_cast<double>(state_bytes) / kUsualBytesPerSecond)),
      total_(held_),
      last_end_(now) {}

void Pace::See(const control::PageState& page, double) {
  // Requests from before this program began are not for it.
  if (!seen_) served_saves_ = page.save_requests;
  seen_ = true;
  page_ = page;
}

void Pace::SaveEnded(double held, double total, double now, bool differential) {
  held_ = std::max(kLeastCost, held);
  total_ = std::max(held_, total);
  if (!differential) full_total_ = total_;
  measured_ = true;
  last_end_ = now;
}

double Pace::interval() const {
  if (settings_.interval > 0) return settings_.interval;
  if (page_.interval_ms > 0) return static_cast<double>(page_.interval_ms) / 1000;
  double mean_between = settings_.mean_between;
  if (page_.mean_interruption_ms > 0) mean_between = static_cast<double>(page_.mean_interruption_ms) / 1000;
  if (mean_between <= 0) mean_between = kUsualMeanBetween;
  return std::max({kShortestInterval, total_, BestInterval(held_, mean_between)});
}

double Pace::Remaining(std::int64_t monotonic_ns) const {
  if (page_.deadline_ns == 0) return -1;
  return std::max(0.0, static_cast<double>(page_.deadline_ns - monotonic_ns) / 1e9);
}

bool Pace::EnoughTime(std::int64_t monotonic_ns, bool next_is_full) const {
  const double remaining = Remaining(monotonic_ns);
  return remaining < 0 || !measured_ || remaining > (next_is_full ? std::max(full_total_, total_) : total_);
}

}  // namespace bsub::ckpt
