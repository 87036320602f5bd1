// The core's durable state to snapshot chunks and back (StateChunk in api/bsub/v1/journal.proto).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/core/state.h"

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
  std::vector<sched::Job> jobs;         // ascending
};
// Unimplemented for one from the future. DataLoss for what EncodeState would write differently; among jobs
// only if `compare_jobs`: what is not understood of them changes the state's hash, which a reader compares
// anyway.
Result<DecodedChunk> DecodeChunk(std::string_view bytes, bool compare_jobs);

// Takes the chunks in their order.
class StateDecoder {
 public:
  Status Add(DecodedChunk chunk);
  // Once all chunks are in.
  Result<sched::State> Finish();

 private:
  sched::State state_;
  bool begun_ = false;
  std::uint64_t job_count_ = 0;
};

// Every payload the state names, each once.
std::vector<PayloadHash> PayloadsNamedBy(const sched::State& state);

}  // namespace bsub::journal
