// What is known of the tasks that run, for the next spawner if this one is killed: one file of slots of a
// fixed size, each reserved before its task starts. A slot has two lines: which process the task is, written
// by that process before it executes anything; and how it ended, written by its witness.
//
// A file for each task would be simpler and cost more than the rest of a short task: file systems are slow to
// give out inodes that were freed a moment ago (ext4 looks through all of them), and never run out of room
// for a slot that is there already.
//
// What is written survives the death of all processes, not of the machine; that is all it is for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "worker/launch/unique_fd.h"

namespace bsub::spawner {

enum class SlotLine { kTask, kExit };
inline constexpr std::size_t kSlotLineBytes = 256;
inline constexpr std::size_t kSlotBytes = 2 * kSlotLineBytes;

class TaskSlots {
 public:
  // Replaces the file at `path`; a witness of an older spawner that is late writes into the one that was
  // there.
  static Result<TaskSlots> Create(const std::string& path);

  // A free slot, empty. The file grows if there is none; ResourceExhausted if the disk has no room for that.
  Result<std::uint32_t> Take();
  // Empties it. One that cannot be emptied is not given out again.
  void Give(std::uint32_t slot);
  int fd() const { return fd_.get(); }

 private:
  explicit TaskSlots(worker::UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Status Grow();

  worker::UniqueFd fd_;
  std::string path_;
  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> free_;  // the last one given back is the next to be taken: it is in the cache
};

// False if `text` is too long or the write failed.
bool WriteSlot(int fd, std::uint32_t slot, SlotLine line, std::string_view text);
// Empty for none.
std::string ReadSlot(int fd, std::uint32_t slot, SlotLine line);
// Of a file that another spawner left.
std::uint32_t CountSlots(int fd);

}  // namespace bsub::spawner
