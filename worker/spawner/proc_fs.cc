#include "worker/spawner/proc_fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "worker/launch/environment.h"
#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

constexpr std::size_t kMaxEnvironBytes = 32u << 20;  // Linux allows 6 MiB

template <typename Number>
bool ParseNumber(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::vector<std::string_view> SplitBlanks(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \n", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

std::string Slurp(const std::string& path, std::size_t limit) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return fd.valid() ? ReadRest(fd.get(), limit) : std::string();
}

// "SigCgt:\t0000000000000200": `name` with its colon.
bool ParseMask(std::string_view text, std::string_view name, std::uint64_t& out) {
  const std::size_t line = text.find("\n" + std::string(name));
  if (line == std::string_view::npos) return false;
  std::string_view rest = text.substr(line + 1 + name.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  rest = rest.substr(0, rest.find('\n'));
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), out, 16);
  return error == std::errc() && end == rest.data() + rest.size();
}

template <typename Matches>
bool AnyPart(std::string_view marker, Matches matches) {
  while (!marker.empty()) {
    const std::size_t end = std::min(marker.find(';'), marker.size());
    if (matches(marker.substr(0, end))) return true;
    marker.remove_prefix(std::min(end + 1, marker.size()));
  }
  return false;
}

}  // namespace

std::optional<ProcStat> ParseProcStat(std::string_view text) {
  // pid (name) state ppid pgrp session … ; starttime is field 22. The name ends at the last parenthesis.
  const std::size_t open = text.find(" (");
  const std::size_t close = text.rfind(") ");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  const auto fields = SplitBlanks(text.substr(close + 2));
  ProcStat stat;
  if (fields.size() < 20 || fields[0].size() != 1) return std::nullopt;
  stat.state = fields[0][0];
  if (!ParseNumber(text.substr(0, open), stat.pid) || !ParseNumber(fields[1], stat.parent) ||
      !ParseNumber(fields[3], stat.session) || !ParseNumber(fields[19], stat.start_ticks)) {
    return std::nullopt;
  }
  return stat;
}

std::optional<ProcStat> ProcFs::Stat(pid_t pid) const {
  return ParseProcStat(Slurp(root_ + "/" + std::to_string(pid) + "/stat", 4096));
}

std::optional<SignalMasks> ParseSignalMasks(std::string_view text) {
  SignalMasks masks;
  if (!ParseMask(text, "SigBlk:", masks.blocked) || !ParseMask(text, "SigIgn:", masks.ignored) ||
      !ParseMask(text, "SigCgt:", masks.caught))
    return std::nullopt;
  return masks;
}

std::optional<SignalMasks> ProcFs::Signals(pid_t pid) const {
  return ParseSignalMasks(Slurp(root_ + "/" + std::to_string(pid) + "/status", 65536));
}

std::vector<pid_t> ProcFs::All() const {
  std::vector<pid_t> pids;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir(root_.c_str()), closedir);
  if (!dir) return pids;
  while (const dirent* entry = readdir(dir.get())) {
    pid_t pid = 0;
    if (ParseNumber(std::string_view(entry->d_name), pid)) pids.push_back(pid);
  }
  std::sort(pids.begin(), pids.end());
  return pids;
}

std::vector<pid_t> ProcFs::OwnChildren() const {
  const std::string self = std::to_string(getpid());
  const std::string path = root_ + "/" + self + "/task/" + self + "/children";
  std::vector<pid_t> pids;
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.valid()) {
    const std::string children = ReadRest(fd.get(), SIZE_MAX);
    for (const std::string_view word : SplitBlanks(children)) {
      pid_t pid = 0;
      if (ParseNumber(word, pid)) pids.push_back(pid);
    }
    return pids;
  }
  // A kernel without CONFIG_PROC_CHILDREN: ask every process for its parent.
  for (const pid_t pid : All()) {
    if (const auto stat = Stat(pid); stat && stat->parent == getpid()) pids.push_back(pid);
  }
  return pids;
}

std::string ProcFs::Marker(pid_t pid) const {
  const std::string environment = Slurp(root_ + "/" + std::to_string(pid) + "/environ", kMaxEnvironBytes);
  std::string_view rest = environment;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    const std::string_view entry = rest.substr(0, end);
    if (entry.starts_with(worker::kMarkerName) && entry.substr(worker::kMarkerName.size()).starts_with('=')) {
      return std::string(entry.substr(worker::kMarkerName.size() + 1));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return {};
}

Result<std::string> ProcFs::BootId() const {
  BSUB_ASSIGN_OR_RETURN(std::string id, ReadFile(root_ + "/sys/kernel/random/boot_id"));
  while (!id.empty() && id.back() == '\n') id.pop_back();
  if (id.empty())
    return Unavailable("the machine's boot id is empty: " + root_ + "/sys/kernel/random/boot_id");
  return id;
}

bool MarkerNames(std::string_view marker, std::string_view task) {
  return AnyPart(marker, [task](std::string_view part) { return part == task; });
}

bool MarkerNamesAttempt(std::string_view marker, std::string_view attempt) {
  return AnyPart(marker, [attempt](std::string_view part) {
    const std::string_view name = part.substr(std::min(part.find(':'), part.size() - 1) + 1);
    return name.size() > attempt.size() && name.starts_with(attempt) && name[attempt.size()] == '.';
  });
}

std::string_view OwnMark(std::string_view marker) {
  const std::size_t last = marker.rfind(';');
  return last == std::string_view::npos ? marker : marker.substr(last + 1);
}

bool MarkerOf(std::string_view marker, std::string_view state_id) {
  return AnyPart(marker, [state_id](std::string_view part) {
    return part.size() > state_id.size() && part.starts_with(state_id) && part[state_id.size()] == ':';
  });
}

}  // namespace bsub::spawner
