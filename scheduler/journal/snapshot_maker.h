// Makes the next snapshot from closed segments: what the helper program does (snapshot_main.cc).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "scheduler/journal/file_system.h"

namespace bsub::journal {

struct MadeSnapshot {
  std::uint64_t sequence = 0;
  std::uint64_t entries_replayed = 0;
  std::uint64_t jobs = 0;
  std::uint64_t state_hash = 0;
};

// `until` is the last entry of a closed segment and records the state hash. The state's hash is also computed
// from scratch; if any of these differ, or a payload that the state names is missing or bad, no snapshot is
// made.
Result<MadeSnapshot> MakeSnapshot(FileSystem& files, const std::string& directory, std::uint64_t until);

}  // namespace bsub::journal
