// A journal of opaque records on a test's file system: write some, recover, see what is there.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/journal/journal_directory.h"
#include "scheduler/journal/journal_writer.h"
#include "scheduler/journal/recovery.h"
#include "scheduler/journal/replay.h"
#include "tests/support/journal/unsynced_file_system.h"

namespace bsub::journal::test {

inline const std::string kDirectory = "/journal";
inline const ClusterUuid kCluster{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

// The bytes of entry `sequence`: known from the number, of varying length.
inline std::string EntryBytes(std::uint64_t sequence) {
  return "entry " + std::to_string(sequence) +
         std::string(sequence * 7 % 40, static_cast<char>('a' + sequence % 26));
}

struct Recovered {
  std::vector<std::string> entries;  // from sequence 1, or from what was asked
  JournalTail tail;
  std::optional<DroppedTail> dropped;
};

// Replays, repairs. What the daemon does at its start.
inline Result<Recovered> Recover(FileSystem& files, const ReplayRequest& request = {}) {
  Recovered recovered;
  std::uint64_t expected = request.from;
  BSUB_ASSIGN_OR_RETURN(recovered.tail, Replay(files, kDirectory, request, [&](const ReplayedRecord& record) {
                          if (record.record.kind == RecordKind::kEntry) {
                            EXPECT_EQ(record.sequence, expected++);
                            recovered.entries.emplace_back(record.record.bytes);
                          }
                          return OkStatus();
                        }));
  BSUB_ASSIGN_OR_RETURN(recovered.dropped, RepairTail(files, kDirectory, recovered.tail));
  return recovered;
}

inline SegmentSettings SmallSegments(std::uint64_t bytes = 1024) {
  return {.segment_bytes = bytes, .salt = 77};
}

inline Result<std::unique_ptr<JournalWriter>> OpenWriter(FileSystem& files, const JournalTail& tail,
                                                         const SegmentSettings& settings = SmallSegments()) {
  return JournalWriter::Open(files, kDirectory, kCluster, settings, tail);
}

// Appends one batch of the next `count` entries.
inline Result<Appended> AppendEntries(JournalWriter& writer, std::uint64_t count) {
  std::vector<std::string> bytes;
  for (std::uint64_t i = 0; i < count; ++i) bytes.push_back(EntryBytes(writer.NextSequence() + i));
  std::vector<Record> records;
  for (const std::string& entry : bytes) records.push_back({RecordKind::kEntry, entry});
  return writer.Append(records);
}

// EntryBytes(first) … EntryBytes(last).
inline std::vector<std::string> EntriesUpTo(std::uint64_t last, std::uint64_t first = 1) {
  std::vector<std::string> entries;
  for (std::uint64_t i = first; i <= last; ++i) entries.push_back(EntryBytes(i));
  return entries;
}

// A fresh journal with `batches` batches of 1, 2, 3, 1, 2, … entries. Returns the last sequence.
inline std::uint64_t WriteJournal(UnsyncedFileSystem& files, int batches,
                                  const SegmentSettings& settings = SmallSegments()) {
  EXPECT_TRUE(files.CreateDirectory(kDirectory));
  auto writer = OpenWriter(files, {}, settings);
  EXPECT_TRUE(writer) << (writer ? "" : writer.error().message);
  std::uint64_t last = 0;
  for (int i = 0; i < batches; ++i)
    last = AppendEntries(**writer, 1 + static_cast<std::uint64_t>(i % 3))->last_sequence;
  return last;
}

inline std::vector<NumberedFile> Segments(FileSystem& files) {
  return ReadDirectory(files, kDirectory)->segments;
}

}  // namespace bsub::journal::test
