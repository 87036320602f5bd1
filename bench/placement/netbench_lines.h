// What netbench prints (examples/netbench/README.md), as values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace bsub::placement {

struct Measured {
  std::string test;  // "pingpong", "pair", "allreduce", "alltoall", "halo"
  std::uint32_t repetition = 0;
  std::uint32_t first = 0, second = 0;  // ranks of pingpong and pair
  std::uint64_t bytes = 0;
  double seconds = 0;
};

struct Measurements {
  std::string mpi;                 // the library's name and version
  std::vector<std::string> nodes;  // of each rank
  std::vector<Measured> lines;
};

// Lines that are no JSON objects are passed over: programs that start others print remarks of their own.
// DataLoss: nothing was measured, or a line lacks what it must have.
Result<Measurements> ReadNetbench(std::string_view text);

// The nodes between which the ping-pong by size went; both empty: there was none.
struct PingPongNodes {
  std::string first, second;
};
PingPongNodes NodesOfPingPong(const Measurements& measured);

// Seconds of one test at one size: the median of its repetitions. 0: it was not measured.
double MedianSeconds(const Measurements& measured, std::string_view test, std::uint64_t bytes);
// The sizes of a test, ascending.
std::vector<std::uint64_t> SizesOf(const Measurements& measured, std::string_view test);

struct PairTime {
  std::uint32_t first = 0, second = 0;  // ranks
  std::uint64_t bytes = 0;
  double seconds = 0;  // one way, median of the repetitions
};
std::vector<PairTime> PairTimes(const Measurements& measured);

}  // namespace bsub::placement
