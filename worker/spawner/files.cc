#include "worker/spawner/files.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "common/hash.h"

namespace bsub::spawner {

std::string ErrnoText(std::string_view what, std::string_view path) {
  const int error = errno;
  std::string text(what);
  if (!path.empty()) text.append(" '").append(path).append("'");
  return text + ": " + std::strerror(error);
}

std::string ReadRest(int fd, std::size_t limit) {
  std::string out;
  std::array<char, 16384> chunk;
  while (out.size() < limit) {
    const ssize_t got = read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    out.append(chunk.data(), static_cast<std::size_t>(got));
  }
  return out;
}

Result<std::string> ReadFile(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) {
    const bool absent = errno == ENOENT;
    std::string message = ErrnoText("cannot read", path);
    return absent ? NotFound(std::move(message)) : Unavailable(std::move(message));
  }
  return ReadRest(fd.get(), SIZE_MAX);
}

Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return Unavailable(ErrnoText("cannot write", path));
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return OkStatus();
}

Status ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode) {
  const std::string temporary = path + ".new";
  const UniqueFd fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd.valid()) return Unavailable(ErrnoText("cannot create", temporary));
  BSUB_RETURN_IF_ERROR(WriteAll(fd.get(), bytes, temporary));
  if (fdatasync(fd.get()) != 0) return Unavailable(ErrnoText("cannot sync", temporary));
  if (rename(temporary.c_str(), path.c_str()) != 0) return Unavailable(ErrnoText("cannot rename to", path));
  const std::size_t slash = path.rfind('/');
  return SyncDirectory(slash == std::string::npos ? "." : path.substr(0, slash));
}

Status SyncDirectory(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || fsync(fd.get()) != 0) return Unavailable(ErrnoText("cannot sync directory", path));
  return OkStatus();
}

void CloseAllBut(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned next = 0;
  for (const int fd : kept) {
    const auto number = static_cast<unsigned>(fd);
    if (number > next) syscall(SYS_close_range, next, number - 1, 0u);
    next = number + 1;
  }
  syscall(SYS_close_range, next, ~0u, 0u);
}

Status EnsureDirectory(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) == 0) return OkStatus();
  struct stat info {};
  if (errno == EEXIST && stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) return OkStatus();
  return Unavailable(ErrnoText("cannot create directory", path));
}

Result<std::string> RandomHex(std::size_t bytes) {
  std::vector<std::uint8_t> raw(bytes);
  if (getrandom(raw.data(), raw.size(), 0) != static_cast<ssize_t>(bytes)) {
    return Unavailable(ErrnoText("no random bytes"));
  }
  return ToHex(raw);
}

std::int64_t BootTimeUs() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

void ArmAt(int timer, std::int64_t at_us) {
  itimerspec when{};
  when.it_value.tv_sec = at_us / 1'000'000;
  when.it_value.tv_nsec = at_us % 1'000'000 * 1000;
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, nullptr);
}

bool PollUntil(int fd, short events, std::int64_t until_us) {
  for (;;) {
    constexpr std::int64_t kLongestMs = 3'600'000;  // at once; poll(2) takes an int
    const std::int64_t left_us = std::max<std::int64_t>(until_us - BootTimeUs(), 0);
    pollfd entry{fd, events, 0};
    const int ready = poll(&entry, 1, static_cast<int>(std::min((left_us + 999) / 1000, kLongestMs)));
    if (ready > 0) return true;
    if ((ready == 0 || errno != EINTR) && BootTimeUs() >= until_us) return false;
  }
}

}  // namespace bsub::spawner
