// The core's durable state to snapshot chunks and back (StateChunk in api/bsub/v1/journal.proto).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "scheduler/core/scheduler.h"

namespace bsub::journal {

struct ChunkLimits {
  std::size_t jobs = 1000;                         // per chunk
  std::size_t array_bytes = std::size_t{4} << 20;  // of arrays' bitmaps, roughly
};

// Calls `sink` once per chunk: counters, queues, definitions and nodes first, then jobs by id.
Status EncodeState(const sched::State& state, const ChunkLimits& limits,
                   const std::function<Status(std::string_view)>& sink);

// What one chunk holds.
struct DecodedChunk {
  std::optional<sched::State> globals;  // all but the jobs
  std::uint64_t job_count = 0;          // with the globals: how many are to come
  std::vector<sched::SavedJob> jobs;    // as they stand there
};
// Unimplemented for one from the future. DataLoss for globals that EncodeState would write differently. Jobs
// are not compared: what is not understood of them changes the state's hash, which a reader compares anyway.
Result<DecodedChunk> DecodeChunk(std::string_view bytes);

// A scheduler from the chunks in their order.
class StateDecoder {
 public:
  explicit StateDecoder(sched::Settings settings) : settings_(std::move(settings)) {}

  Status Add(DecodedChunk chunk);
  // Once all chunks are in. The caller compares the state's hash.
  Result<std::unique_ptr<sched::Scheduler>> Finish();

 private:
  sched::Settings settings_;
  std::unique_ptr<sched::Scheduler> scheduler_;  // once the globals are in
  std::uint64_t expected_jobs_ = 0;
  std::uint64_t jobs_ = 0;
  JobId last_;
};

// Every payload the state names, each once.
std::vector<PayloadHash> PayloadsNamedBy(const sched::State& state);

}  // namespace bsub::journal
