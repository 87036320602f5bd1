// Where witnesses note how tasks ended: one file of slots of a fixed size, each reserved before its task
// runs.
//
// A file for each exit would be simpler and cost more than the rest of a short task: file systems are slow to
// give out inodes that were freed a moment ago (ext4 looks through all of them), and never run out of room
// for a slot that is there already.
//
// What is written survives the death of spawner and witness, not of the machine; that is all it is for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "worker/launch/unique_fd.h"

namespace bsub::spawner {

inline constexpr std::size_t kExitSlotBytes = 256;

class ExitSlots {
 public:
  // Replaces the file at `path`; a witness of an older spawner that is late writes into the one that was
  // there.
  static Result<ExitSlots> Create(const std::string& path);

  // A free slot, cleared. The file grows if there is none; ResourceExhausted if the disk has no room for
  // that.
  Result<std::uint32_t> Take();
  void Give(std::uint32_t slot);
  int fd() const { return fd_.get(); }

 private:
  explicit ExitSlots(worker::UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Status Grow();

  worker::UniqueFd fd_;
  std::string path_;
  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> free_;  // the last one given back is the next to be taken: it is in the cache
};

// In a witness. False if `text` is too long or the write failed.
bool WriteExitSlot(int fd, std::uint32_t slot, std::string_view text);
// Of a file that another spawner left: what the slot holds, empty for none.
std::string ReadExitSlot(int fd, std::uint32_t slot);

}  // namespace bsub::spawner
