// Every call on the file system that a store's durability rests on. One implementation is POSIX; the tests'
// counts the calls, fails or dies at any of them and forgets what was not synced.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/src/result.h"

namespace bsub::ckpt {

// An existing file. Calls of several threads do not disturb each other.
class File {
 public:
  virtual ~File() = default;
  // All of `bytes`. Goes past the page cache where offset, length and address are multiples of
  // kDirectAlignment and the file system can; the rest of the bytes goes through it.
  virtual Done WriteAt(const void* data, std::uint64_t bytes, std::uint64_t offset) = 0;
  // All of `bytes`; an end of file before that is BSUB_CHECKPOINT_DAMAGED.
  virtual Done ReadAt(void* data, std::uint64_t bytes, std::uint64_t offset) = 0;
  virtual Outcome<std::uint64_t> Size() = 0;
  // Cut, or made longer with zeros that take no room.
  virtual Done Resize(std::uint64_t bytes) = 0;
  virtual Done Sync() = 0;
};

inline constexpr std::uint64_t kDirectAlignment = 4096;

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Outcome<std::unique_ptr<File>> OpenForWriting(const std::string& path) = 0;
  virtual Outcome<std::unique_ptr<File>> OpenForReading(const std::string& path) = 0;
  // Made, or emptied if it is there.
  virtual Outcome<std::unique_ptr<File>> Create(const std::string& path) = 0;
  // Made or emptied, written, synced.
  virtual Done WriteDurably(const std::string& path, const std::string& bytes) = 0;
  // BSUB_CHECKPOINT_NOTHING_SAVED: there is no such file; DAMAGED: it is there and cannot be read.
  virtual Outcome<std::string> ReadWhole(const std::string& path) = 0;
  virtual Done Rename(const std::string& from, const std::string& to) = 0;
  // False: `to` exists already.
  virtual Outcome<bool> Link(const std::string& from, const std::string& to) = 0;
  // False: it exists already. Its parent must exist.
  virtual Outcome<bool> MakeDirectory(const std::string& path) = 0;
  virtual Done SyncDirectory(const std::string& path) = 0;
  // Missing is fine.
  virtual Done RemoveFile(const std::string& path) = 0;
  virtual Done RemoveDirectory(const std::string& path) = 0;
  // Names in a directory, sorted, without "." and "..". BSUB_CHECKPOINT_NOTHING_SAVED: there is no such
  // directory.
  virtual Outcome<std::vector<std::string>> List(const std::string& path) = 0;
};

// The operating system's. Stateless.
FileSystem& PosixFileSystem();

// `path`: what failed and errno's words. ENOENT while reading is for the caller to judge.
Failure IoFailure(const std::string& what, const std::string& path, int error);

}  // namespace bsub::ckpt
