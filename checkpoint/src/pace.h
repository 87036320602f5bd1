// When to save: what the interval, the node and the clock say. Time is an argument, in seconds of any steady
// clock.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "checkpoint/control/page.h"

namespace bsub::ckpt {

struct PaceSettings {
  double interval = 0;      // 0: from cost and interruptions
  double mean_between = 0;  // 0: what the node says, else kUsualMeanBetween
};

// Differential saves after a full one, before the next full one: what a load may have to read beside it.
inline constexpr int kLongestChain = 8;

inline constexpr double kUsualMeanBetween = 6 * 3600;  // Spot instances of most types live for hours

class Pace {
 public:
  Pace(const PaceSettings& settings, std::uint64_t state_bytes, double now);

  // What the node says, as of `now`.
  void See(const control::PageState& page, double now);
  void SaveBegan() { served_saves_ = page_.save_requests; }
  // `held`: seconds the program waited; `total`: until it was committed, as far as it was at work.
  void SaveEnded(double held, double total, double now, bool differential = false);
  void SaveFailed(double now) { last_end_ = now; }

  double interval() const;
  bool IntervalPassed(double now) const { return now - last_end_ >= interval(); }
  bool SaveRequested() const { return page_.save_requests > served_saves_; }
  bool StopRequested() const { return page_.stop_requests > 0; }
  // Seconds until the node is gone; negative: nobody has said.
  double Remaining(std::int64_t monotonic_ns) const;
  // False: a save takes longer than there is time, by the newest of the kind that the next will be.
  bool EnoughTime(std::int64_t monotonic_ns, bool next_is_full = false) const;
  control::Reason reason() const { return page_.reason; }

 private:
  struct Cost {
    double held = 0;
    double total = 0;
    bool differential = false;
  };
  std::span<const Cost> Latest() const { return std::span(latest_).first(std::min(saves_, latest_.size())); }
  double Mean(double Cost::*what) const;
  double Newest(bool full) const;

  PaceSettings settings_;
  double estimate_;  // of what a save costs, until one was measured
  // The latest saves, the newest at saves_ - 1. A chain of differential ones is as long at most, the full one
  // included: what a save costs is what one costs on average over a chain.
  std::array<Cost, kLongestChain + 1> latest_{};
  std::size_t saves_ = 0;  // in all
  double last_end_;
  control::PageState page_;
  std::uint64_t served_saves_ = 0;
  bool seen_ = false;
};

}  // namespace bsub::ckpt
