// Whether the journal can go on when the disk is full: keeps a segment reserved ahead, and tells when what is
// left is needed for the tasks that run.
//
// The journal's thread calls Update; Room and Trouble may be asked from any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/time.h"
#include "scheduler/journal/disk_journal.h"

namespace bsub::daemon {

class JournalRoom {
 public:
  // `kept_bytes`: what is left for reports of running tasks when new jobs are refused.
  JournalRoom(journal::DiskJournal& journal, std::uint64_t kept_bytes)
      : journal_(journal), kept_bytes_(kept_bytes) {}

  // `steady` never decreases. A line for the log when something has changed.
  std::optional<std::string> Update(Duration steady);

  Status Room() const;
  // What a person should know, also while there is room for a while yet.
  std::optional<std::string> Trouble() const;

 private:
  enum class Level : std::uint8_t { kAhead, kLast, kKept };  // of what is left
  Level Look(Duration steady);
  std::string Describe(Level level) const;

  journal::DiskJournal& journal_;
  const std::uint64_t kept_bytes_;
  std::optional<Duration> asked_at_;  // and refused

  mutable std::mutex mutex_;
  Level level_ = Level::kAhead;
  std::string problem_;
};

}  // namespace bsub::daemon
