#include "cli/supervisor/process.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>

#include "cli/supervisor/files.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

constexpr int kStateField = 3;  // proc(5), /proc/PID/stat
constexpr int kStartTimeField = 22;

std::string BootId() {
  const auto text = ReadWholeFile("/proc/sys/kernel/random/boot_id");
  return text ? std::string(Trim(*text)) : "";
}

// Field `n` (from 3) of a stat line: those behind the program's name, which may hold anything.
std::string_view StatField(std::string_view stat, int n) {
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string_view::npos) return {};
  std::string_view rest = stat.substr(name_end + 1);
  for (int field = kStateField; !rest.empty(); ++field) {
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    const std::size_t end = std::min(rest.find(' '), rest.size());
    if (field == n) return rest.substr(0, end);
    rest.remove_prefix(end);
  }
  return {};
}

}  // namespace

std::optional<ProcessIdentity> IdentityOf(pid_t pid) {
  const auto stat = ReadWholeFile("/proc/" + std::to_string(pid) + "/stat");
  if (!stat) return std::nullopt;
  const std::string_view state = StatField(*stat, kStateField), start = StatField(*stat, kStartTimeField);
  if (state == "Z" || state == "X" || start.empty()) return std::nullopt;
  ProcessIdentity identity{.pid = pid, .start_ticks = 0, .boot_id = BootId()};
  const auto [end, error] = std::from_chars(start.data(), start.data() + start.size(), identity.start_ticks);
  if (error != std::errc()) return std::nullopt;
  return identity;
}

bool IsStopped(pid_t pid) {
  const auto stat = ReadWholeFile("/proc/" + std::to_string(pid) + "/stat");
  const std::string_view state = stat ? StatField(*stat, kStateField) : std::string_view();
  return state == "T" || state == "t";
}

std::string ToRecord(const ProcessIdentity& identity) {
  const nlohmann::json json = {
      {"pid", identity.pid}, {"startTicks", identity.start_ticks}, {"bootId", identity.boot_id}};
  return json.dump() + "\n";
}

std::optional<ProcessIdentity> ParseRecord(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("pid") || !json["pid"].is_number_integer() ||
      !json.contains("startTicks") || !json["startTicks"].is_number_unsigned() || !json.contains("bootId") ||
      !json["bootId"].is_string()) {
    return std::nullopt;
  }
  ProcessIdentity identity{json["pid"].get<pid_t>(), json["startTicks"].get<std::uint64_t>(),
                           json["bootId"].get<std::string>()};
  return identity.pid > 0 ? std::optional(identity) : std::nullopt;
}

std::optional<ProcessIdentity> ReadRecord(const std::string& path) {
  const auto text = ReadWholeFile(path);
  return text ? ParseRecord(*text) : std::nullopt;
}

std::optional<UniqueFd> OpenIfAlive(const ProcessIdentity& identity) {
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, identity.pid, 0)));
  if (!pidfd.valid()) return std::nullopt;
  // Asked after the pidfd is open: what it names cannot change any more.
  if (IdentityOf(identity.pid) != identity) return std::nullopt;
  return pidfd;
}

bool SendSignal(const UniqueFd& pidfd, int signal) {
  return syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0;
}

bool WaitForEnd(const UniqueFd& pidfd, int timeout_ms) {
  pollfd entry{.fd = pidfd.get(), .events = POLLIN, .revents = 0};
  return poll(&entry, 1, timeout_ms) == 1;
}

}  // namespace bsub::cli
