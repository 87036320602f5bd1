// Builds the core's state from a journal directory: the newest good snapshot, then the entries behind it.
//
// The scheduler's start and the snapshot helper share it. It only reads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "scheduler/core/scheduler.h"
#include "scheduler/journal/file_system.h"
#include "scheduler/journal/payload_store.h"
#include "scheduler/journal/replay.h"

namespace bsub::journal {

struct LoadRequest {
  sched::Settings settings;
  ClusterUuid cluster;
  std::optional<std::uint64_t> until;  // the last entry of a closed segment; nothing: all there is
};

struct LoadedState {
  std::unique_ptr<sched::Scheduler> scheduler;
  std::unique_ptr<PayloadStore> payloads;
  JournalTail tail;
  std::uint64_t snapshot = 0;        // sequence of the snapshot it began with; 0: none
  std::vector<std::uint64_t> packs;  // which that snapshot names
  std::uint64_t entries_replayed = 0;
  std::vector<std::string> bad_snapshots;  // file names of those that are damaged
  std::vector<std::string> warnings;       // one line each: snapshots that were passed over
};

// Every recorded state hash on the way is compared; another value is DataLoss.
Result<LoadedState> LoadState(FileSystem& files, const std::string& directory, const LoadRequest& request);

}  // namespace bsub::journal
