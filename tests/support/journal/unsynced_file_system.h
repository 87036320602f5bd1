// A file system in memory that can lose power and fail at a chosen call.
//
// Power loss keeps what was synced. Of the rest any subset survives, chosen by a seed: each 512-byte sector
// written since the last sync on its own, one of them torn in the middle; the new size or the old one; each
// unsynced change of a directory on its own. That is harsher than any real disk. Handles opened before a
// power loss fail afterwards.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "scheduler/journal/file_system.h"

namespace bsub::journal::test {

struct Fault {
  std::uint64_t at_call = 0;  // counted over all calls that change anything, from 1
  Code code = Code::kResourceExhausted;
  bool repeat = false;       // every later call fails too
  bool short_write = false;  // a failing write still writes half of its bytes
  // A failing sync leaves what it did not write looking clean, as Linux does: it can be read, and the next
  // sync of the file has nothing to do.
  bool forgets_unsynced = false;
};

class UnsyncedFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> Create(const std::string& path) override;
  Result<std::unique_ptr<File>> OpenForRead(const std::string& path) override;
  Result<std::unique_ptr<File>> OpenForWrite(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Remove(const std::string& path) override;
  Status CreateDirectory(const std::string& path) override;
  Status SyncDirectory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> List(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

  void LosePower(std::uint64_t seed);
  void InjectFault(const Fault& fault) { fault_ = fault; }
  // From now on no file can grow; what is reserved can be written.
  void SetFull(bool full) { full_ = full; }
  std::uint64_t calls() const { return calls_; }
  void SetNow(TimePoint now) { now_ = now; }

  // What a test does to a disk behind everybody's back; durable at once.
  std::string Contents(const std::string& path) const;
  void SetContents(const std::string& path, std::string bytes);
  void Forget(const std::string& path);
  std::vector<std::string> Names(const std::string& directory) const;

 private:
  friend class MemoryFile;
  static constexpr std::size_t kSectorBytes = 512;

  struct Inode {
    std::string current;
    std::string durable;
    std::set<std::size_t> dirty;  // sectors
    TimePoint modified_at;
  };
  using InodePtr = std::shared_ptr<Inode>;
  using Names_ = std::map<std::string, InodePtr>;
  struct NameChange {
    std::optional<std::string> removed;
    std::optional<std::string> added;
    InodePtr inode;
  };
  struct Directory {
    Names_ current;
    Names_ durable;
    std::vector<NameChange> unsynced;
  };

  Status Count(const char* what, const std::string& path);  // the fault, if this is the call
  Result<Directory*> FindDirectory(const std::string& path);
  Result<InodePtr> Find(const std::string& path);
  static void Apply(Names_& names, const NameChange& change);
  static void LoseUnsynced(Inode& inode, std::mt19937_64& random);
  Status CheckRoom(const Inode& inode, const std::string& path, std::uint64_t size) const;
  Status WriteTo(Inode& inode, const std::string& path, std::uint64_t offset, std::string_view bytes);
  void Resize(Inode& inode, std::uint64_t size);
  Status Sync(Inode& inode, const std::string& path);

  std::map<std::string, Directory> directories_;
  std::set<std::string> locks_;
  std::uint64_t calls_ = 0;
  std::uint64_t power_cycles_ = 0;
  std::optional<Fault> fault_;
  bool full_ = false;
  TimePoint now_{1};
};

}  // namespace bsub::journal::test
