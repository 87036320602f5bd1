// What `bsub-lite bench placement` is asked to do. The command's manual is cli/bench.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace bsub::placement {

struct Options {
  std::string config;                       // path
  std::string out = "placement-benchmark";  // directory
  std::uint32_t nodes = 0;                  // of the gang
  std::uint32_t ranks_per_node = 1;
  bool real = false;        // on the running cluster instead of a modelled network
  std::uint32_t draws = 0;  // of busy nodes, or real jobs of each policy; 0: kDraws, kRealDraws
  std::uint32_t busy_percent = 25;
  std::uint64_t seed = 1;
  std::uint32_t partitions = 2;
  std::uint32_t tolerance_percent = 20;   // beyond what its level promises, something is slow
  std::uint32_t slow_pairs_percent = 80;  // of the pairs of a node or an uplink, for it to be named
  std::vector<std::string> faults;        // as ParseNetworkFault reads them
  std::uint32_t repetitions = 5;  // of everything in each real job: networks have noise, medians count
  std::uint32_t timeout_s = 600;  // of each real job, its waiting included
  bool json = false;              // report.json on standard output instead of the table
};

inline constexpr std::uint32_t kDraws = 10, kRealDraws = 3;
// More are not measured: every pair is, one after the other.
inline constexpr std::uint32_t kMostNodes = 64;

// Words "--name=value" and "--flag".
Result<Options> ReadOptions(const std::vector<std::string>& words);

}  // namespace bsub::placement
