// The last part of each attempt's output, kept at the scheduler so that a vanished node's output is not gone.
//
// HOME/spool/output/JOB/ORDINAL.ATTEMPT.{out,err}. A convenience, not a record: written without a sync,
// removed when the core forgets the job, or at the next start.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "scheduler/core/refs.h"

namespace bsub::rpc {

struct KeptOutput {
  std::int64_t offset = 0;  // of `data` in the attempt's output
  std::string data;
};

class OutputSpool {
 public:
  OutputSpool(std::string directory, std::size_t max_bytes)
      : directory_(std::move(directory)), max_bytes_(max_bytes) {}

  // Replaces what was kept of this output by the end of `data`. `offset` is that of its first byte.
  Status Keep(const sched::AttemptRef& attempt, bool standard_error, std::int64_t offset,
              std::string_view data);
  Result<KeptOutput> Read(const sched::AttemptRef& attempt, bool standard_error) const;
  void Forget(JobId job);
  // At a start: forgets all jobs before `next` that are not among `known` (ascending). The process before may
  // have ended between the record that the core forgot them and their removal here.
  void ForgetOthers(const std::vector<JobId>& known, JobId next);

 private:
  std::string JobDirectory(JobId job) const;
  std::string FileOf(const sched::AttemptRef& attempt, bool standard_error) const;

  const std::string directory_;
  const std::size_t max_bytes_;
};

// The last `lines` lines of at most the last `bytes` bytes; 0: no limit.
std::string_view TailOf(std::string_view text, std::int64_t bytes, std::int64_t lines);

}  // namespace bsub::rpc
