#include "jobs/end.h"

#include <array>

namespace bsub {
namespace {

// Numbers of x86 and Arm Linux; the others are shown by number alone.
constexpr std::array<std::string_view, 32> kSignalNames = {
    "",     "HUP",  "INT",  "QUIT", "ILL",    "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
    "SEGV", "USR2", "PIPE", "ALRM", "TERM",   "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
    "TTOU", "URG",  "XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "IO",   "PWR",  "SYS"};

std::string InBrackets(std::string_view name) { return name.empty() ? "" : " (" + std::string(name) + ")"; }

std::string Sentence(const End& end) {
  const std::string by = end.by.empty() ? "" : " by " + end.by;
  switch (end.kind) {
    case EndKind::kNone:
      return "not over";
    case EndKind::kExited:
      return "exited with code " + std::to_string(end.code);
    case EndKind::kSignalled:
      return "killed by signal " + std::to_string(end.code) + InBrackets(SignalName(end.code));
    case EndKind::kCancelled:
      return "cancelled" + by;
    case EndKind::kTimedOut:
      return "ran past its wall time";
    case EndKind::kOutOfMemory:
      return "killed for using more memory than it asked for";
    case EndKind::kNodeLost:
      return "its node was lost";
    case EndKind::kDependencyFailed:
      return "a dependency can no longer be met";
    case EndKind::kNeverStarted:
      return "could not be started";
    case EndKind::kRequeued:
      return "sent back to the queue" + by;
  }
  return "unknown";
}

}  // namespace

std::string_view ToString(EndKind kind) {
  switch (kind) {
    case EndKind::kNone:
      return "none";
    case EndKind::kExited:
      return "exited";
    case EndKind::kSignalled:
      return "signalled";
    case EndKind::kCancelled:
      return "cancelled";
    case EndKind::kTimedOut:
      return "timed out";
    case EndKind::kOutOfMemory:
      return "out of memory";
    case EndKind::kNodeLost:
      return "node lost";
    case EndKind::kDependencyFailed:
      return "dependency failed";
    case EndKind::kNeverStarted:
      return "never started";
    case EndKind::kRequeued:
      return "requeued";
  }
  return "unknown";
}

std::string_view SignalName(std::int32_t number) {
  if (number <= 0 || number >= static_cast<std::int32_t>(kSignalNames.size())) return "";
  return kSignalNames[static_cast<std::size_t>(number)];
}

std::int32_t SignalNumber(std::string_view name) {
  for (std::size_t i = 1; i < kSignalNames.size(); ++i) {
    if (kSignalNames[i] == name) return static_cast<std::int32_t>(i);
  }
  return 0;
}

int ShellExitCode(const End& end) {
  constexpr int kNeither = 125;
  constexpr int kSignalBase = 128;
  constexpr int kKill = 9;
  switch (end.kind) {
    case EndKind::kExited:
      return end.code & 0xff;
    case EndKind::kSignalled:
      return (kSignalBase + end.code) & 0xff;
    case EndKind::kOutOfMemory:
      return kSignalBase + kKill;  // the kernel kills with KILL
    case EndKind::kNone:
    case EndKind::kCancelled:
    case EndKind::kTimedOut:
    case EndKind::kNodeLost:
    case EndKind::kDependencyFailed:
    case EndKind::kNeverStarted:
    case EndKind::kRequeued:
      return kNeither;
  }
  return kNeither;
}

std::string Describe(const End& end) {
  std::string text = Sentence(end);
  if (!end.reason.empty() && end.reason != text) text += ": " + end.reason;
  return text;
}

}  // namespace bsub
