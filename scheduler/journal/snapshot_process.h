// Runs the snapshot helper beside the scheduler and tells when it is done.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "common/result.h"

namespace bsub::journal {

struct SnapshotHelper {
  std::string program;     // the path of bsub-lite-snapshot
  std::uint32_t nice = 0;  // at most 19
};

class SnapshotProcess {
 public:
  // `program` is the path of bsub-lite-snapshot. It ends with the thread that calls this, at the latest.
  static Result<std::unique_ptr<SnapshotProcess>> Start(const SnapshotHelper& helper,
                                                        const std::string& directory, std::uint64_t sequence);
  // Kills it if it is still running; what it had begun to write is removed at the next start. The kernel does
  // the same if this process is killed.
  ~SnapshotProcess();
  SnapshotProcess(const SnapshotProcess&) = delete;
  SnapshotProcess& operator=(const SnapshotProcess&) = delete;

  // Nothing while it runs; then, once, whether it made the snapshot. Never blocks.
  std::optional<Status> Poll();
  std::uint64_t sequence() const { return sequence_; }

 private:
  SnapshotProcess(pid_t pid, int errors, std::uint64_t sequence)
      : pid_(pid), errors_(errors), sequence_(sequence) {}
  void ReadErrors();

  pid_t pid_;   // 0 once it was waited for
  int errors_;  // read end of its standard error, non-blocking
  std::uint64_t sequence_;
  std::string text_;
};

}  // namespace bsub::journal
