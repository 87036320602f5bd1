// Reads entries from a journal in order, a page at a time, while it is being written.
//
// For those who follow the journal: the history's catching up, `events --follow`. It reads only what the
// caller knows to be durable, so what is being written behind that does not disturb it. One thread uses one
// cursor.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "scheduler/core/entry.h"
#include "scheduler/journal/file_system.h"
#include "scheduler/journal/segment_format.h"

namespace bsub::journal {

class JournalCursor {
 public:
  // The first entry to come is the one behind `after`.
  JournalCursor(FileSystem& files, std::string directory, std::uint64_t after)
      : files_(files), directory_(std::move(directory)), after_(after) {}

  // Up to `limit` entries, none above `durable`. Empty once all are read. If the segments that hold the next
  // ones are gone (retention), it goes on with the oldest there is. After an error, use a new cursor.
  Result<std::vector<sched::JournalEntry>> Next(std::size_t limit, std::uint64_t durable);
  std::uint64_t after() const { return after_; }
  // The next entry to come is the one behind `after`, which is not before the place it has come to. What lies
  // between is not decoded, and segments between are not opened.
  void SkipTo(std::uint64_t after);

 private:
  Status OpenSegment(std::uint64_t sequence);
  Status ReadBatch();
  Result<std::string> ReadWindow(std::uint64_t offset, std::size_t length);

  FileSystem& files_;
  const std::string directory_;
  std::uint64_t after_;
  std::vector<sched::JournalEntry> pending_;  // read, reversed: the next one is at the back
  std::unique_ptr<File> file_;
  std::string path_;
  std::uint64_t next_segment_ = 0;  // first sequence of the one behind; 0: there was none yet
  std::uint64_t salt_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t window_offset_ = 0;
  std::string window_;
};

}  // namespace bsub::journal
