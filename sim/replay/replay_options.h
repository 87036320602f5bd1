// The words of `bsub-lite sim replay`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "sim/replay/replay.h"

namespace bsub::sim {

struct ReplayWish {
  std::string log;              // path
  std::int64_t processors = 0;  // 0: as the log's header says
  std::size_t first = 0;        // only so many jobs; 0: all
  ReplayPolicy policy;
  Passes passes = Passes::kBatch;
  std::string starts;  // path; empty: not wanted
  std::string plot;    // path of a picture; empty: not wanted
  bool json = false;
  bool help = false;
};

Result<ReplayWish> ReadReplayWish(const std::vector<std::string>& arguments);

std::string ReplayHelp();

}  // namespace bsub::sim
