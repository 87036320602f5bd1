// The only door from the journal to the operating system: a file, a directory, a lock.
//
// Narrow on purpose: just the operations durability is built from, so that a test's file system can lose
// unsynced data, fill up or fail at any call (tests/support/unsynced_file_system.h). Paths are plain strings;
// every error names the path and what the system said. Objects may be used from several threads only where a
// method is const.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "common/time.h"

namespace bsub::journal {

// A large file that is written beside the journal is synced each time so much of it was written: else the
// journal's next sync may have to wait for all of it (ext4 writes new files' data with its own log). No
// setting: small enough not to be felt, large enough not to cost.
inline constexpr std::uint64_t kSyncEveryBytes = std::uint64_t{4} << 20;

class File {
 public:
  virtual ~File() = default;
  // Writes all of `bytes` or fails; after a failure any part of them may have been written.
  virtual Status WriteAt(std::uint64_t offset, std::string_view bytes) = 0;
  // Shorter than `length` only at the end of the file.
  virtual Result<std::string> ReadAt(std::uint64_t offset, std::size_t length) const = 0;
  // What was written, and the size, survive power loss once this returned success. After a failure nothing is
  // known about any unsynced byte, and asking again proves nothing.
  virtual Status DataSync() = 0;
  // Reserves space so that the file is at least `size` bytes long; the new part reads as zeros.
  virtual Status Preallocate(std::uint64_t size) = 0;
  virtual Status Truncate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> Size() const = 0;
};

// Held until destroyed; the kernel drops it when the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

struct DirectoryEntry {
  std::string name;
  std::uint64_t size_bytes = 0;
  TimePoint modified_at;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> Create(const std::string& path) = 0;  // fails if it exists; mode 0600
  virtual Result<std::unique_ptr<File>> OpenForRead(const std::string& path) = 0;
  virtual Result<std::unique_ptr<File>> OpenForWrite(const std::string& path) = 0;  // must exist
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  virtual Status Remove(const std::string& path) = 0;
  // Success if it exists. Survives power loss once this returned success. Mode 0700.
  virtual Status CreateDirectory(const std::string& path) = 0;
  // Names made, renamed or removed in `path` survive power loss once this returned success.
  virtual Status SyncDirectory(const std::string& path) = 0;
  virtual Result<std::vector<DirectoryEntry>> List(const std::string& path) = 0;  // regular files, by name
  // Takes the lock file for one process at a time and writes the process id into it. A lock held elsewhere is
  // FailedPrecondition and names the holder.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;
};

// The whole file in memory.
Result<std::string> ReadWhole(FileSystem& files, const std::string& path);

// Creates `path` under a temporary name, writes, syncs, renames and syncs the directory: all of it or
// nothing.
Status WriteAtomically(FileSystem& files, const std::string& directory, const std::string& name,
                       std::string_view bytes);

// "<directory>/<name>"
std::string Join(std::string_view directory, std::string_view name);

}  // namespace bsub::journal
