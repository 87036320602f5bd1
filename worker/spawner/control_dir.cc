#include "worker/spawner/control_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <vector>

#include "checkpoint/control/report.h"
#include "common/time.h"
#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

constexpr const char* kNewNotice = ".notice.json.new";
// A line per save and per second: more than this is not read, and its beginning is left out.
constexpr off_t kMostReportBytes = off_t{1} << 20;

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

control::Reason ReasonOf(std::string_view word) {
  for (const auto reason :
       {control::Reason::kInterruption, control::Reason::kDrain, control::Reason::kDrill}) {
    if (word == control::ToString(reason)) return reason;
  }
  return control::Reason::kInterruption;
}

// "12.345": no floating point, so that it is the same everywhere.
std::string Seconds(std::int64_t us) {
  std::string fraction = std::to_string(us / 1000 % 1000);
  fraction.insert(0, 3 - fraction.size(), '0');
  return std::to_string(us / 1'000'000) + "." + fraction;
}

// On the wall clock, in whole seconds: a fraction would promise more than a notice does.
std::string DeadlineUtc(std::int64_t remaining_us) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t at_us =
      static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000 + remaining_us;
  return FormatUtc(TimePoint(at_us / 1'000'000 * 1'000'000));
}

// The last part of a regular file in the directory; empty if there is none.
std::string ReadReportBytes(const std::string& path) {
  const UniqueFd directory = OpenControlDir(path);
  if (!directory.valid()) return {};
  const UniqueFd file(
      openat(directory.get(), control::kReportName, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!file.valid() || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  if (info.st_size > kMostReportBytes) lseek(file.get(), info.st_size - kMostReportBytes, SEEK_SET);
  return ReadRest(file.get(), static_cast<std::size_t>(kMostReportBytes));
}

}  // namespace

Result<std::unique_ptr<ControlDir>> ControlDir::Make(const std::string& path, const ControlOwner& owner,
                                                     std::int64_t interval_us) {
  std::unique_ptr<ControlDir> made(new ControlDir(path));
  made->Remove();
  if (mkdir(path.c_str(), 0700) != 0) return Unavailable(ErrnoText("cannot make control directory", path));
  const UniqueFd directory = OpenControlDir(path);
  if (!directory.valid()) return Unavailable(ErrnoText("cannot open control directory", path));
  if (const int failed = made->page_.Open(path); failed != 0) {
    errno = failed;
    return Unavailable(ErrnoText("cannot make the page in control directory", path));
  }
  control::PageState state;
  state.interval_ms = static_cast<std::uint64_t>(std::max<std::int64_t>(interval_us, 0) / 1000);
  made->page_.Write(state);
  const UniqueFd report = CreateFresh(directory.get(), control::kReportName, 0600);
  if (!report.valid() || !GiveTo(report.get(), owner) || !GiveTo(directory.get(), owner))
    return Unavailable(ErrnoText("cannot set up control directory", path));
  return made;
}

Status ControlDir::Notice(std::string_view reason, std::int64_t remaining_us) {
  remaining_us = std::max<std::int64_t>(remaining_us, 0);
  control::PageState state = page_.state();
  state.deadline_ns = control::MonotonicNs() + remaining_us * 1000;
  state.reason = ReasonOf(reason);
  ++state.save_requests;
  ++state.stop_requests;
  page_.Write(state);
  return WriteNotice(reason, remaining_us, state.deadline_ns);
}

Status ControlDir::WriteNotice(std::string_view reason, std::int64_t remaining_us, std::int64_t deadline_ns) {
  const UniqueFd directory = OpenControlDir(path_);
  if (!directory.valid()) return Unavailable(ErrnoText("cannot open control directory", path_));
  const UniqueFd file = CreateFresh(directory.get(), kNewNotice, 0644);
  if (!file.valid()) return Unavailable(ErrnoText("cannot write a notice in", path_));
  fchmod(file.get(), 0644);  // whatever the umask
  const std::string text = "{\"version\": 1, \"reason\": \"" + std::string(reason) +
                           "\", \"action\": \"\", \"remaining_seconds\": " + Seconds(remaining_us) +
                           ", \"deadline_ns\": " + std::to_string(deadline_ns) + ", \"deadline_utc\": \"" +
                           DeadlineUtc(remaining_us) + "\", \"save\": true, \"stop\": true}\n";
  BSUB_RETURN_IF_ERROR(WriteAll(file.get(), text, path_ + "/" + kNewNotice));
  if (renameat(directory.get(), kNewNotice, directory.get(), control::kNoticeName) != 0)
    return Unavailable(ErrnoText("cannot put a notice in place in", path_));
  return OkStatus();
}

SavedState ControlDir::ReadReport() const {
  std::vector<control::Report> reports;
  control::TakeReports(ReadReportBytes(path_), reports);
  SavedState state;
  bool failed = false;  // the newest save
  std::uint64_t stopping_step = 0;
  for (const control::Report& report : reports) {
    const bool committed = report.kind == "committed";
    const bool stopped = report.kind == "stopped";
    if (report.kind == "failed") failed = true;
    if (report.kind == "stopping") stopping_step = report.Number("step");
    if (committed || stopped || report.kind == "loaded") state.generation = report.Number("generation");
    const auto at_ns = static_cast<std::int64_t>(report.Number("at"));
    if (committed) failed = false;
    if (committed && at_ns > 0)
      state.unsaved_us = std::max<std::int64_t>((control::MonotonicNs() - at_ns) / 1000, 0);
    state.stopped = stopped;
    state.fell_back = stopped && (failed || report.Number("step") < stopping_step);
  }
  return state;
}

void ControlDir::Remove() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);  // does not follow links
}

void ClearControlDirs(const std::string& parent) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(parent, ignored)) {
    std::error_code ignored_too;
    std::filesystem::remove_all(entry.path(), ignored_too);
  }
}

}  // namespace bsub::spawner
