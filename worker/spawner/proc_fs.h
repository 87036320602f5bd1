// What /proc says of processes (proc(5)). The root is a parameter, so that tests can show a made-up one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace bsub::spawner {

// What a process does about signals, bit N - 1 for signal N.
struct SignalMasks {
  std::uint64_t blocked = 0;  // of its main thread
  std::uint64_t ignored = 0;
  std::uint64_t caught = 0;

  // Its default action, which may be the process's end, is not what comes.
  bool Minds(int signal) const { return Has(ignored | caught, signal); }
  bool Blocks(int signal) const { return Has(blocked, signal); }
  static bool Has(std::uint64_t mask, int signal) {
    return signal > 0 && signal <= 64 && ((mask >> (signal - 1)) & 1) != 0;
  }
  friend bool operator==(const SignalMasks&, const SignalMasks&) = default;
};

// From the content of /proc/PID/status; nothing: it does not say.
std::optional<SignalMasks> ParseSignalMasks(std::string_view text);

struct ProcStat {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t session = 0;
  char state = '?';
  std::uint64_t start_ticks = 0;  // since boot: with the boot id it tells a pid from its later namesakes

  bool Gone() const { return state == 'Z' || state == 'X'; }
  friend bool operator==(const ProcStat&, const ProcStat&) = default;
};

// The content of /proc/PID/stat. The program's name may hold any character, parentheses included.
std::optional<ProcStat> ParseProcStat(std::string_view text);

class ProcFs {
 public:
  explicit ProcFs(std::string root = "/proc") : root_(std::move(root)) {}

  std::optional<ProcStat> Stat(pid_t pid) const;
  std::optional<SignalMasks> Signals(pid_t pid) const;
  std::vector<pid_t> All() const;
  // This process's children, adopted ones included.
  std::vector<pid_t> OwnChildren() const;
  // The marker of the task a process belongs to (see environment.h); empty if it has none or may not be
  // looked at.
  std::string Marker(pid_t pid) const;
  Result<std::string> BootId() const;

 private:
  std::string root_;
};

// A process of a spawner inside another spawner's task carries both marks: "outer;inner".
bool MarkerNames(std::string_view marker, std::string_view task);
// Whether it is a mark of the same attempt ("12.0.1"), perhaps of its part on another node: mpirun may give
// its ranks the main node's environment.
bool MarkerNamesAttempt(std::string_view marker, std::string_view attempt);
// The innermost mark: that of the spawner that started the process.
std::string_view OwnMark(std::string_view marker);
// Whether some part of `marker` begins with `state_id`.
bool MarkerOf(std::string_view marker, std::string_view state_id);

}  // namespace bsub::spawner
