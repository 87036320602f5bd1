// A file that is in memory only and has a path: where HDF5 makes the structure of its files. HDF5 1.10 leaves
// a file that it could not write to in a state in which the process crashes at its end, so it never writes to
// a disk here; what it made is copied to the disk by code that returns errors. Large holes take no memory.
#pragma once

#include <cstdint>
#include <string>

#include "checkpoint/src/result.h"

namespace bsub::ckpt {

class MemoryFile {
 public:
  // `most_bytes`: the largest it may become. IO if the process may not have files of that size
  // (RLIMIT_FSIZE).
  static Outcome<MemoryFile> Make(std::uint64_t most_bytes);
  MemoryFile(MemoryFile&& other) noexcept;
  MemoryFile& operator=(MemoryFile&& other) noexcept;
  ~MemoryFile();

  // For another open of the same file by this process.
  std::string path() const;
  Outcome<std::uint64_t> Size() const;
  Done ReadAt(void* data, std::uint64_t bytes, std::uint64_t offset) const;
  Outcome<std::string> ReadWhole() const;
  // Gives back the memory of whole pages in this range; they read as zeros from then on.
  void Forget(std::uint64_t offset, std::uint64_t bytes);

 private:
  explicit MemoryFile(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace bsub::ckpt
