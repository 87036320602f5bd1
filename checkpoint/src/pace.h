// When to save: what the interval, the node and the clock say. Time is an argument, in seconds of any steady
// clock.
#pragma once

#include <cstdint>

#include "checkpoint/control/page.h"

namespace bsub::ckpt {

struct PaceSettings {
  double interval = 0;      // 0: from cost and interruptions
  double mean_between = 0;  // 0: what the node says, else kUsualMeanBetween
};

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
  // False: a save takes longer than there is time, by the last one, or by the last full one if the next will
  // be full.
  bool EnoughTime(std::int64_t monotonic_ns, bool next_is_full = false) const;
  control::Reason reason() const { return page_.reason; }

 private:
  PaceSettings settings_;
  double held_;  // of the last save; before the first an estimate
  double total_;
  double full_total_ = 0;  // of the last save that was not differential; 0: there was none
  bool measured_ = false;
  double last_end_;
  control::PageState page_;
  std::uint64_t served_saves_ = 0;
  bool seen_ = false;
};

}  // namespace bsub::ckpt
