// When will a task start, as far as anybody can know? The state is copied and played forward many times by
// the same core (played_cluster.h), each time with other run times, drawn from what tasks of the same users
// took before (run_times.h), and what was submitted of late coming again from another point on
// (recent_submits.h). Half of the plays start it by the P50, nine of ten by the P90.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "scheduler/core/recent_submits.h"
#include "scheduler/core/run_times.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

struct StartOutlook {
  TimePoint p50, p90;       // unset: cannot be said
  std::uint32_t plays = 0;  // that it rests on
  bool stopped = false;     // before there was an answer
};

class StartStudy {
 public:
  // Copies what it needs; from then on any thread may have it. The job may start as far as it is concerned.
  // It need not be among those of the state (trial.h).
  StartStudy(const Settings& settings, const Store& store, const Job& job, std::uint32_t ordinal,
             TimePoint now);

  // Tasks of its queue that are served before it, and itself; 0: too many wait to be looked at.
  std::uint32_t position() const { return position_; }
  // From when on nodes are kept for it, or when it is planned to start; unset: not at all, or nobody knows.
  TimePoint reserved_at() const { return reserved_at_; }
  // The long part: some 10 µs for each input of each play. `stopped` is asked every few inputs, and its first
  // yes is the end. Empty: nobody stops it.
  StartOutlook Run(const std::function<bool()>& stopped = {}) const;

 private:
  struct InLine;
  // What waits, in no order, the target included; empty: more than may be looked at.
  std::vector<InLine> LineUp(const Store& store, const Job& target) const;
  // False, here and below: the same.
  bool CopyRunning(const Store& store);
  // Copies those that are served first; the target always.
  bool AddWaiting(const Job& target, std::vector<InLine> line);
  bool Copy(const Job& job);
  void OwnSettings();

  const Settings settings_;
  const TaskRef target_;
  const TimePoint now_;
  State state_;
  RunTimes run_times_;
  std::vector<RecentSubmits::Arrival> arrivals_;
  std::set<NodeId> connected_;
  std::size_t cost_ = 0;  // of what is copied, in plain jobs
  std::uint32_t position_ = 0;
  TimePoint reserved_at_;
};

}  // namespace bsub::sched
