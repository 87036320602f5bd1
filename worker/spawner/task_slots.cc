#include "worker/spawner/task_slots.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

constexpr std::uint32_t kGrowBy = 256;  // slots: 128 KiB

off_t PlaceOf(std::uint32_t slot, SlotLine line = SlotLine::kTask) {
  return static_cast<off_t>(slot) * static_cast<off_t>(kSlotBytes) +
         (line == SlotLine::kExit ? static_cast<off_t>(kSlotLineBytes) : 0);
}

template <std::size_t kBytes>
bool WriteWhole(int fd, off_t place, const std::array<char, kBytes>& bytes) {
  ssize_t wrote;
  do {
    wrote = pwrite(fd, bytes.data(), bytes.size(), place);
  } while (wrote < 0 && errno == EINTR);
  return wrote == static_cast<ssize_t>(bytes.size());
}

}  // namespace

Result<TaskSlots> TaskSlots::Create(const std::string& path) {
  unlink(path.c_str());
  worker::UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Unavailable(ErrnoText("cannot create", path));
  return TaskSlots(std::move(fd), path);
}

// Reserved, so that a disk that is full later can refuse no record.
Status TaskSlots::Grow() {
  const int error = posix_fallocate(fd_.get(), PlaceOf(count_), PlaceOf(kGrowBy));
  if (error != 0) {
    errno = error;
    return ResourceExhausted(ErrnoText("cannot reserve room for the records of tasks in", path_));
  }
  for (std::uint32_t slot = count_ + kGrowBy; slot > count_; --slot) free_.push_back(slot - 1);
  count_ += kGrowBy;
  return OkStatus();
}

Result<std::uint32_t> TaskSlots::Take() {
  if (free_.empty()) BSUB_RETURN_IF_ERROR(Grow());
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  return slot;
}

void TaskSlots::Give(std::uint32_t slot) {
  if (WriteWhole(fd_.get(), PlaceOf(slot), std::array<char, kSlotBytes>{})) free_.push_back(slot);
}

bool WriteSlot(int fd, std::uint32_t slot, SlotLine line, std::string_view text) {
  std::array<char, kSlotLineBytes> bytes{};
  if (text.size() > bytes.size()) return false;
  text.copy(bytes.data(), bytes.size());
  return WriteWhole(fd, PlaceOf(slot, line), bytes);
}

std::string ReadSlot(int fd, std::uint32_t slot, SlotLine line) {
  std::array<char, kSlotLineBytes> bytes{};
  const ssize_t got = pread(fd, bytes.data(), bytes.size(), PlaceOf(slot, line));
  const std::string_view text(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  return std::string(text.substr(0, text.find('\0')));
}

std::uint32_t CountSlots(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return 0;
  return static_cast<std::uint32_t>(info.st_size / static_cast<off_t>(kSlotBytes));
}

}  // namespace bsub::spawner
