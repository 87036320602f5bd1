// Which files of a journal directory are no longer needed: a pure function of names, times and settings.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/time.h"
#include "scheduler/journal/journal_directory.h"

namespace bsub::journal {

struct RetentionSettings {
  // Snapshots to keep, at least 1; an older one is what a damaged newest falls back on. Setting:
  // journal.snapshots.
  std::size_t snapshots = 2;
  // How long closed segments stay after no snapshot needs them: the history database is rebuilt from them.
  // Setting: journal.history_retention.
  Duration history_retention = std::chrono::hours(24 * 30);
};

struct KnownSnapshot {
  std::uint64_t sequence = 0;
  std::vector<std::uint64_t> packs;
};

// `snapshots` are the valid ones, ascending. A segment stays until the history has taken all of it, which has
// come to `history_sequence`. The answer is in the order of removal: interrupted anywhere,
// what is left is a whole journal. Nothing is removed while there are fewer snapshots than are to be kept.
std::vector<std::string> FilesToRemove(const DirectoryContents& contents,
                                       const std::vector<KnownSnapshot>& snapshots,
                                       const RetentionSettings& settings, TimePoint now,
                                       std::uint64_t history_sequence);

}  // namespace bsub::journal
