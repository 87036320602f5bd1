// How an attempt, and a task, ended.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/time.h"

namespace bsub {

enum class EndKind : std::uint8_t {
  kNone,              // not over
  kExited,            // code is the exit status 0..255
  kSignalled,         // code is the signal's number
  kCancelled,         // by `by`
  kTimedOut,          // ran past its wall time
  kOutOfMemory,       // killed for its memory limit
  kNodeLost,          // the node is known to be dead, or came back without the task
  kDependencyFailed,  // never ran: a dependency can no longer be met
  kNeverStarted,      // the node could not start it (no such program, unreadable working directory, …)
  kRequeued,          // stopped by a person so that it runs again
};

std::string_view ToString(EndKind kind);

struct End {
  EndKind kind = EndKind::kNone;
  std::int32_t code = 0;
  std::string by{};      // principal of a cancel or requeue
  std::string reason{};  // one line for people
  friend bool operator==(const End&, const End&) = default;

  bool Succeeded() const { return kind == EndKind::kExited && code == 0; }
};

// The exit code a waiting shell sees: 0..255, 128 + n for a signal, 125 if it ended with neither.
int ShellExitCode(const End& end);

// "USR1"; empty for numbers without a name. And back; 0: no such name.
std::string_view SignalName(std::int32_t number);
std::int32_t SignalNumber(std::string_view name);

// "exited with code 3", "killed by signal 9 (KILL)", "cancelled by alice: wrong input".
std::string Describe(const End& end);

// What an attempt consumed. CPU times and elapsed in microseconds, peaks in bytes.
struct Usage {
  std::int64_t user_us = 0;
  std::int64_t system_us = 0;
  std::int64_t elapsed_us = 0;
  std::int64_t max_rss_bytes = 0;
  std::int64_t read_bytes = 0;
  std::int64_t write_bytes = 0;
  friend bool operator==(const Usage&, const Usage&) = default;
};

}  // namespace bsub
