// Makes a journal directory fit to be written again after Replay() found its tail.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/result.h"
#include "scheduler/journal/file_system.h"
#include "scheduler/journal/replay.h"

namespace bsub::journal {

// What looks like the end of a write that was never acknowledged, and was dropped. Damage to the last write
// looks the same.
struct DroppedTail {
  std::string segment;  // file name
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t next_sequence = 0;  // the first sequence that is given anew
  std::string saved_as;             // file name: the bytes are kept for a person to look at
};
std::string Describe(const DroppedTail& dropped);  // one line

// The shortest record that can give out an id: an entry has its version, sequence, kind, the id and what it
// is for. So many dropped bytes hold at most one id.
inline constexpr std::uint64_t kLeastBytesOfAnId = 16;

// A durable note in the directory that ids may have been given out which the journal no longer knows, and at
// most how many: the next start lifts the counters (sched::CountersLifted), and the note goes when that is
// durable.
Status AskForLift(FileSystem& files, const std::string& directory, std::uint64_t by);
Result<std::uint64_t> LiftAsked(FileSystem& files, const std::string& directory);  // 0: none
Status LiftDone(FileSystem& files, const std::string& directory);

// Copies a torn batch aside and cuts it off, removes an unborn segment. `tail` is then ready for
// JournalWriter. Safe to be interrupted and called again.
Result<std::optional<DroppedTail>> RepairTail(FileSystem& files, const std::string& directory,
                                              JournalTail& tail);

struct CutReport {
  std::uint64_t next_sequence = 0;     // the journal now ends just before this
  std::vector<std::string> set_aside;  // new names of what was moved away or copied
};

// Gives up everything from sequence `at` on, deliberately: whole files are renamed, the segment that holds
// `at` is copied before it is shortened. Nothing is deleted. A batch is kept or given up whole, so the
// journal may end a little before `at`. The caller holds the directory's lock. Refuses if the rest could not
// be replayed.
Result<CutReport> CutJournal(FileSystem& files, const std::string& directory, std::uint64_t at);

}  // namespace bsub::journal
