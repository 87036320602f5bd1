#include "tests/support/journal/decoded_state.h"

#include <utility>

#include "scheduler/journal/snapshot_codec.h"

namespace bsub::journal::test {

Result<sched::State> DecodedState(const std::vector<std::string>& chunks) {
  sched::State state;
  std::uint64_t job_count = 0;
  for (const std::string& chunk : chunks) {
    BSUB_ASSIGN_OR_RETURN(DecodedChunk decoded, DecodeChunk(chunk));
    if (decoded.globals) {
      state = std::move(*decoded.globals);
      job_count = decoded.job_count;
    }
    for (sched::SavedJob& saved : decoded.jobs) state.jobs.emplace(saved.job.id, std::move(saved.job));
  }
  if (state.jobs.size() != job_count) return DataLoss("a wrong count of jobs");
  return state;
}

}  // namespace bsub::journal::test
