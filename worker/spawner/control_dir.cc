#include "worker/spawner/control_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "common/time.h"
#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

constexpr const char* kReport = "report";
constexpr const char* kNotice = "notice.json";
constexpr const char* kNewNotice = ".notice.json.new";

std::int64_t ClockUs(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

// Its parent is the spawner's own, so nobody else can put another thing in this place.
UniqueFd OpenControlDir(const std::string& path) {
  return UniqueFd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

UniqueFd CreateFresh(int directory, const char* name, mode_t mode) {
  unlinkat(directory, name, 0);
  return UniqueFd(openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
}

bool GiveTo(int fd, const ControlOwner& owner) {
  return !owner.change || fchown(fd, owner.uid, owner.gid) == 0;
}

// "12.345": no floating point, so that it is the same everywhere.
std::string Seconds(std::int64_t us) {
  std::string fraction = std::to_string(us / 1000 % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(us / 1'000'000) + "." + fraction;
}

std::string NoticeJson(const NoticeText& notice) {
  const std::int64_t remaining = std::max<std::int64_t>(notice.remaining_us, 0);
  const std::int64_t deadline_us = ClockUs(CLOCK_MONOTONIC) + remaining;
  // Whole seconds: a fraction would promise more than a notice does.
  const TimePoint deadline((ClockUs(CLOCK_REALTIME) + remaining) / 1'000'000 * 1'000'000);
  return "{\"version\": 1, \"reason\": \"" + notice.reason +
         "\", \"action\": \"\", \"remaining_seconds\": " + Seconds(remaining) +
         ", \"deadline_ns\": " + std::to_string(deadline_us * 1000) + ", \"deadline_utc\": \"" +
         FormatUtc(deadline) + "\", \"save\": true, \"stop\": true}\n";
}

}  // namespace

Status MakeControlDir(const std::string& path, const ControlOwner& owner) {
  RemoveControlDir(path);
  if (mkdir(path.c_str(), 0700) != 0) return Unavailable(ErrnoText("cannot make control directory", path));
  const UniqueFd directory = OpenControlDir(path);
  if (!directory.valid()) return Unavailable(ErrnoText("cannot open control directory", path));
  const UniqueFd report = CreateFresh(directory.get(), kReport, 0600);
  if (!report.valid() || !GiveTo(report.get(), owner) || !GiveTo(directory.get(), owner))
    return Unavailable(ErrnoText("cannot set up control directory", path));
  return OkStatus();
}

Status WriteNotice(const std::string& path, const NoticeText& notice) {
  const UniqueFd directory = OpenControlDir(path);
  if (!directory.valid()) return Unavailable(ErrnoText("cannot open control directory", path));
  const UniqueFd file = CreateFresh(directory.get(), kNewNotice, 0644);
  if (!file.valid()) return Unavailable(ErrnoText("cannot write a notice in", path));
  fchmod(file.get(), 0644);  // whatever the umask
  BSUB_RETURN_IF_ERROR(WriteAll(file.get(), NoticeJson(notice), path + "/" + kNewNotice));
  if (renameat(directory.get(), kNewNotice, directory.get(), kNotice) != 0)
    return Unavailable(ErrnoText("cannot put a notice in place in", path));
  return OkStatus();
}

void RemoveControlDir(const std::string& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);  // does not follow links
}

void ClearControlDirs(const std::string& parent) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(parent, ignored))
    RemoveControlDir(entry.path().string());
}

}  // namespace bsub::spawner
