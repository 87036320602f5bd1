// The operating system's file system below a directory, with its bad days: the n-th call fails, or is the
// last one the program makes, and then what was not synced is gone.
//
// It remembers what a disk would hold: the contents of a file as of its last sync, the names of a directory
// as of its last sync. AfterPowerLoss writes that out. Calls that change something or sync are counted.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "checkpoint/src/file_system.h"

namespace bsub::testing {

class FaultyFileSystem : public ckpt::FileSystem {
 public:
  // What is below `root` now is durable.
  explicit FaultyFileSystem(std::string root);

  // Call number `call` (from 1) and, if `for_ever`, all later ones fail with ENOSPC's or EIO's words and
  // change nothing.
  void FailAt(std::uint64_t call, bool for_ever);
  // Changing calls made so far.
  std::uint64_t calls() const { return calls_; }

  // Writes below `root` what would be there after the power had failed: only what is durable. Or, the other
  // way round, with every name as it is now but contents as last synced: what a file system may do that keeps
  // names first.
  void AfterPowerLoss(const std::string& root) const;
  void AfterPowerLossNamesFirst(const std::string& root) const;

  ckpt::Outcome<std::unique_ptr<ckpt::File>> OpenForWriting(const std::string& path) override;
  ckpt::Outcome<std::unique_ptr<ckpt::File>> OpenForReading(const std::string& path) override;
  ckpt::Outcome<std::unique_ptr<ckpt::File>> Create(const std::string& path) override;
  ckpt::Done WriteDurably(const std::string& path, const std::string& bytes) override;
  ckpt::Outcome<std::string> ReadWhole(const std::string& path) override;
  ckpt::Done Rename(const std::string& from, const std::string& to) override;
  ckpt::Outcome<bool> Link(const std::string& from, const std::string& to) override;
  ckpt::Outcome<bool> MakeDirectory(const std::string& path) override;
  ckpt::Done SyncDirectory(const std::string& path) override;
  ckpt::Done RemoveFile(const std::string& path) override;
  ckpt::Done RemoveDirectory(const std::string& path) override;
  ckpt::Outcome<std::vector<std::string>> List(const std::string& path) override;

  // For the files it opens.
  ckpt::Done Count(const std::string& what);
  void FileSynced(const std::string& path);

 private:
  using Inode = std::uint64_t;
  using Names = std::map<std::string, Inode>;

  void Learn(const std::string& directory);
  Names NamesIn(const std::string& directory) const;
  void Restore(const std::string& from, const std::string& to, bool names_first) const;

  std::string root_;
  mutable std::mutex mutex_;
  std::uint64_t calls_ = 0;
  std::uint64_t fail_at_ = 0;
  bool for_ever_ = false;
  std::map<Inode, std::string> contents_;  // durable, of files
  std::map<Inode, Names> directories_;     // durable
};

}  // namespace bsub::testing
