#include "cli/up_wait.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>

#include "cli/client.h"
#include "cli/supervisor/daemons_file.h"
#include "cli/supervisor/files.h"

namespace bsub::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kHopelessRestarts = 3;  // ends in a row, each by the daemon's own decision
constexpr int kLastWords = 3;         // lines of its log
// For one answer: a scheduler that is just starting listens before it answers.
constexpr std::chrono::milliseconds kAskPatience{500};
constexpr int kFirstPauseMs = 5, kLastPauseMs = 100;  // between looks, growing

Error HopelessError(const HomeLayout& layout, const DaemonStatus& daemon) {
  const std::string log = layout.LogOf(daemon.name);
  return FailedPrecondition(daemon.name + " does not start: it " + daemon.last_end + "\n" +
                            LastLines(log, kLastWords) + "\n(" + log + ")");
}

std::optional<Error> FindHopeless(const HomeLayout& layout) {
  const auto text = ReadWholeFile(layout.DaemonsFile());
  if (!text) return std::nullopt;
  for (const DaemonStatus& daemon : ParseDaemons(*text)) {
    if (daemon.gave_up && daemon.restarts >= kHopelessRestarts) return HopelessError(layout, daemon);
  }
  return std::nullopt;
}

// What is still missing, in words; empty: nothing.
std::string Missing(const ClusterFile& cluster, const api::StatusReply& status) {
  std::set<std::string> up;
  for (const api::Node& node : status.nodes()) {
    if (node.state() == "up") up.insert(node.name());
  }
  std::string missing;
  for (const std::string& name : cluster.NodeNames()) {
    if (!up.contains(name)) missing += (missing.empty() ? "node " : ", ") + name;
  }
  return missing;
}

Error NotReady(const HomeLayout& layout, const std::string& missing, Duration timeout) {
  return Unavailable("not ready after " + FormatDuration(timeout) + ": " + missing +
                     " did not come up; see " + layout.LogDir() + ", or give it more time with --timeout");
}

}  // namespace

Result<ReadyCluster> WaitUntilReady(const HomeLayout& layout, const ClusterFile& cluster,
                                    const RunningSupervisor& supervisor, Duration timeout) {
  const auto end = Clock::now() + timeout;
  Address address;
  address.home = layout.home;
  address.socket_path = layout.SchedulerSocket();
  BSUB_ASSIGN_OR_RETURN(Client client, Client::Make(address));
  std::string missing = "the scheduler";
  for (int pause = kFirstPauseMs;; pause = std::min(2 * pause, kLastPauseMs)) {
    api::StatusReply reply;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    const auto patience = std::clamp(left, std::chrono::milliseconds(1), kAskPatience);
    const Status status =
        client.Call(&api::Scheduler::Stub::Status, api::StatusRequest(), &reply, Repeat::kYes, patience);
    if (status) missing = Missing(cluster, reply);
    if (missing.empty()) return ReadyCluster{reply.scheduler_pid()};
    if (const auto hopeless = FindHopeless(layout)) return *hopeless;
    if (WaitForEnd(supervisor.pidfd, pause)) {
      return FailedPrecondition(
          "the supervisor ended before the cluster was ready; run bsub-lite up again. The end of " +
          layout.LogOf(kSupervisorName) + ":\n" + LastLines(layout.LogOf(kSupervisorName), kLastWords));
    }
    if (Clock::now() >= end) return NotReady(layout, missing, timeout);
  }
}

}  // namespace bsub::cli
