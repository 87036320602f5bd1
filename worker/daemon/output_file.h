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
  // The attempt's job was on this node, and no file is in its folder: once the attempt is over, that says
  // that it wrote nothing.
  static bool WroteNothing(int spool, const AttemptKey& attempt, bool standard_error);

  std::int64_t Size() const;
  // At most `limit` bytes from `offset`; empty at the end.
  std::string ReadAt(std::int64_t offset, std::size_t limit) const;
  // What comes at `offset`: bytes; or, where the spawner dropped a part to keep the file below its limit, a
  // line that says so, and where the rest goes on. Nothing at the end.
  struct Part {
    std::string data;
    std::int64_t next = 0;
  };
  Part Next(std::int64_t offset, std::size_t limit) const;

  // Where the last `lines` lines of the last `bytes` bytes begin; 0: no limit.
  std::int64_t TailOffset(std::int64_t bytes, std::int64_t lines) const;

 private:
  struct Gap {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };

  OutputFile(UniqueFd fd, bool spooled) : fd_(std::move(fd)), spooled_(spooled) {}
  // The last part at or behind `from` that was dropped; empty at `from` if none was.
  Gap LastGap(std::int64_t from) const;

  UniqueFd fd_;
  bool spooled_;  // else it is a file of the user's, whose holes mean nothing
};

}  // namespace bsub::worker
