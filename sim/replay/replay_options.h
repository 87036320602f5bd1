// The words of `bsub-lite sim replay`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "sim/replay/metrics.h"
#include "sim/replay/replay.h"

namespace bsub::sim {

struct ReplayWish {
  std::string log;              // path
  std::int64_t processors = 0;  // 0: as the log's header says
  std::size_t first = 0;        // only so many jobs; 0: all
  ReplayPolicy policy;
  // Instead of the policy's own.
  std::optional<sched::QueueOrder> order;
  std::optional<sched::Backfill> backfill;
  std::optional<Duration> overdue_after, favour_short;
  Passes passes = Passes::kBatch;
  std::string starts;         // path; empty: not wanted
  std::string jobs;           // path of a table of all jobs; empty: not wanted
  Half half = Half::kAll;     // what the summary is of
  std::string plot;           // path of a picture; empty: not wanted
  std::size_t forecasts = 0;  // ask for every so many-th job that waits; 0: not
  bool json = false;
  bool help = false;
};

Result<ReplayWish> ReadReplayWish(const std::vector<std::string>& arguments);

std::string ReplayHelp();

}  // namespace bsub::sim
