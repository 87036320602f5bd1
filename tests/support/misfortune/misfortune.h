// Bad luck on demand for a program under test: calls to the operating system that fail, a wall clock that is
// wrong.
//
// The test and the program share one small file. In the program a preloaded library (misfortune_preload.cc)
// looks into it at each call; the test changes it while the program runs.
#pragma once

#include <atomic>
#include <cstdint>

namespace bsub::testing {

inline constexpr const char* kMisfortuneVariable = "BSUB_TEST_MISFORTUNE";  // the path of the file

// Zero: no misfortune. Errors are errno values; they hit files whose path holds `path_part`.
struct Misfortune {
  char path_part[64];
  std::atomic<int> write_error;
  std::atomic<int> sync_error;                // fsync, fdatasync
  std::atomic<int> reserve_error;             // fallocate
  std::atomic<int> errors_met;                // how many calls failed
  std::atomic<std::int64_t> clock_offset_us;  // what the wall clock is ahead of the true time
};

}  // namespace bsub::testing
