// One output stream of one attempt, found from its key in the spool (worker/launch/output_path.h).
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"
#include "worker/core/attempt_key.h"
#include "worker/launch/unique_fd.h"

namespace bsub::worker {

class OutputFile {
 public:
  // NotFound if there is none (yet): nothing was written, or standard error goes with standard output.
  // `spool`: descriptor of the spawner's state directory.
  static Result<OutputFile> Open(int spool, const AttemptKey& attempt, bool standard_error);

  std::int64_t Size() const;
  // At most `limit` bytes from `offset`; empty at the end.
  std::string ReadAt(std::int64_t offset, std::size_t limit) const;
  // Where the last `lines` lines of the last `bytes` bytes begin; 0: no limit.
  std::int64_t TailOffset(std::int64_t bytes, std::int64_t lines) const;

 private:
  explicit OutputFile(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace bsub::worker
