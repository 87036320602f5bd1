// Processes by identity: a pid alone may mean another process by now; with its start time and the machine's
// boot id it does not.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/supervisor/unique_fd.h"
#include "common/result.h"

namespace bsub::cli {

struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  // /proc/PID/stat, field 22
  std::string boot_id;
  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

// Of a process that lives; a zombie does not.
std::optional<ProcessIdentity> IdentityOf(pid_t pid);

// By SIGSTOP or a terminal: it lives and does nothing.
bool IsStopped(pid_t pid);

// A record in a file: one line of JSON.
std::string ToRecord(const ProcessIdentity& identity);
std::optional<ProcessIdentity> ParseRecord(std::string_view text);
std::optional<ProcessIdentity> ReadRecord(const std::string& path);  // nothing also for a damaged one

// A pidfd(2), readable once the process has ended; nothing if that very process does not live any more.
std::optional<UniqueFd> OpenIfAlive(const ProcessIdentity& identity);

bool SendSignal(const UniqueFd& pidfd, int signal);

// Waits until the process ends, at most `timeout_ms`.
bool WaitForEnd(const UniqueFd& pidfd, int timeout_ms);

}  // namespace bsub::cli
