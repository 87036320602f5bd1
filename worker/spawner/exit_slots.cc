#include "worker/spawner/exit_slots.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

constexpr std::uint32_t kGrowBy = 256;  // slots: 64 KiB

off_t PlaceOf(std::uint32_t slot) { return static_cast<off_t>(slot) * static_cast<off_t>(kExitSlotBytes); }

bool WriteWhole(int fd, std::uint32_t slot, const std::array<char, kExitSlotBytes>& bytes) {
  ssize_t wrote;
  do {
    wrote = pwrite(fd, bytes.data(), bytes.size(), PlaceOf(slot));
  } while (wrote < 0 && errno == EINTR);
  return wrote == static_cast<ssize_t>(bytes.size());
}

}  // namespace

Result<ExitSlots> ExitSlots::Create(const std::string& path) {
  unlink(path.c_str());
  worker::UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return Unavailable(ErrnoText("cannot create", path));
  return ExitSlots(std::move(fd), path);
}

// Reserved, so that a disk that is full later cannot refuse an exit.
Status ExitSlots::Grow() {
  const int error = posix_fallocate(fd_.get(), PlaceOf(count_), PlaceOf(kGrowBy));
  if (error != 0) {
    errno = error;
    return ResourceExhausted(ErrnoText("cannot reserve room for exits in", path_));
  }
  for (std::uint32_t slot = count_ + kGrowBy; slot > count_; --slot) free_.push_back(slot - 1);
  count_ += kGrowBy;
  return OkStatus();
}

Result<std::uint32_t> ExitSlots::Take() {
  if (free_.empty()) BSUB_RETURN_IF_ERROR(Grow());
  const std::uint32_t slot = free_.back();
  if (!WriteWhole(fd_.get(), slot, {})) return Unavailable(ErrnoText("cannot clear a slot of", path_));
  free_.pop_back();
  return slot;
}

void ExitSlots::Give(std::uint32_t slot) { free_.push_back(slot); }

bool WriteExitSlot(int fd, std::uint32_t slot, std::string_view text) {
  std::array<char, kExitSlotBytes> bytes{};
  if (text.size() > bytes.size()) return false;
  text.copy(bytes.data(), bytes.size());
  return WriteWhole(fd, slot, bytes);
}

std::string ReadExitSlot(int fd, std::uint32_t slot) {
  std::array<char, kExitSlotBytes> bytes{};
  const ssize_t got = pread(fd, bytes.data(), bytes.size(), PlaceOf(slot));
  const std::string_view text(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  return std::string(text.substr(0, text.find('\0')));
}

}  // namespace bsub::spawner
