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
// So much that comes between two looks is not read; its beginning is left out.
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
  for (const auto reason : {control::Reason::kInterruption, control::Reason::kDrain, control::Reason::kDrill,
                            control::Reason::kPreempted}) {
    if (word == control::ToString(reason)) return reason;
  }
  return control::Reason::kInterruption;
}

// What EC2 says may be anything; these words go into the file as they are.
std::string KnownAction(std::string_view word) {
  const bool known = word == "terminate" || word == "stop" || word == "hibernate";
  return known ? std::string(word) : std::string();
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

// What the report, if it is a regular file, has from `from` on. A part that is too long, and one that was
// taken away, is passed over: `from` then moves.
std::string ReadReportBytes(const std::string& path, std::int64_t& from) {
  const UniqueFd directory = OpenControlDir(path);
  if (!directory.valid()) return {};
  const UniqueFd file(
      openat(directory.get(), control::kReportName, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!file.valid() || fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  if (info.st_size < from) from = 0;
  if (info.st_size == from) return {};
  from = std::max<std::int64_t>(from, info.st_size - kMostReportBytes);
  lseek(file.get(), from, SEEK_SET);
  return ReadRest(file.get(), static_cast<std::size_t>(kMostReportBytes));
}

}  // namespace

Result<std::unique_ptr<ControlDir>> ControlDir::Make(const std::string& path, const ControlOwner& owner,
                                                     const ControlTimes& times, const std::string& store) {
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
  const auto milliseconds = [](std::int64_t us) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(us, 0) / 1000);
  };
  state.interval_ms = milliseconds(times.interval_us);
  state.mean_interruption_ms = milliseconds(times.mean_interruption_us);
  made->page_.Write(state);
  made->digest_ = ReportDigest(store);
  made->skew_ns_ = times.notice_skew_us * 1000;
  const UniqueFd report = CreateFresh(directory.get(), control::kReportName, 0600);
  if (!report.valid() || !GiveTo(report.get(), owner) || !GiveTo(directory.get(), owner))
    return Unavailable(ErrnoText("cannot set up control directory", path));
  return made;
}

Status ControlDir::Notice(std::string_view reason, std::int64_t remaining_us, std::string_view action) {
  remaining_us = std::max<std::int64_t>(remaining_us, 0);
  control::PageState state = page_.state();
  const std::int64_t now_ns = control::MonotonicNs();  // before the program can know
  if (noticed_ns_ == 0) noticed_ns_ = std::max<std::int64_t>(now_ns - skew_ns_, 1);
  state.deadline_ns = now_ns + remaining_us * 1000;
  state.reason = ReasonOf(reason);
  ++state.save_requests;
  ++state.stop_requests;
  page_.Write(state);
  return WriteNotice("{\"version\": 1, \"reason\": \"" + std::string(reason) + "\", \"action\": \"" +
                     KnownAction(action) + "\", \"remaining_seconds\": " + Seconds(remaining_us) +
                     ", \"deadline_ns\": " + std::to_string(state.deadline_ns) + ", \"deadline_utc\": \"" +
                     DeadlineUtc(remaining_us) + "\", \"save\": true, \"stop\": true}\n");
}

Status ControlDir::AskToSave() {
  control::PageState state = page_.state();
  ++state.save_requests;
  page_.Write(state);
  return WriteNotice(
      "{\"version\": 1, \"reason\": \"rebalance\", \"action\": \"\", \"remaining_seconds\": 0, "
      "\"deadline_ns\": 0, "
      "\"deadline_utc\": \"\", \"save\": true, \"stop\": false}\n");
}

Status ControlDir::WriteNotice(const std::string& text) {
  const UniqueFd directory = OpenControlDir(path_);
  if (!directory.valid()) return Unavailable(ErrnoText("cannot open control directory", path_));
  const UniqueFd file = CreateFresh(directory.get(), kNewNotice, 0644);
  if (!file.valid()) return Unavailable(ErrnoText("cannot write a notice in", path_));
  fchmod(file.get(), 0644);  // whatever the umask
  BSUB_RETURN_IF_ERROR(WriteAll(file.get(), text, path_ + "/" + kNewNotice));
  if (renameat(directory.get(), kNewNotice, directory.get(), control::kNoticeName) != 0)
    return Unavailable(ErrnoText("cannot put a notice in place in", path_));
  return OkStatus();
}

void ControlDir::Withdraw() {
  control::PageState state = page_.state();
  state.stop_requests = 0;
  state.reason = control::Reason::kNone;
  state.deadline_ns = 0;
  page_.Write(state);
  noticed_ns_ = 0;
  const UniqueFd directory = OpenControlDir(path_);
  if (directory.valid()) unlinkat(directory.get(), control::kNoticeName, 0);
}

SavedState ControlDir::ReadReport() {
  std::vector<control::Report> reports;
  const std::string bytes = ReadReportBytes(path_, report_read_);
  report_read_ += static_cast<std::int64_t>(control::TakeReports(bytes, reports));
  for (const control::Report& report : reports) digest_.Take(report);
  return digest_.Now(noticed_ns_);
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
