#include "cli/down.h"

#include <signal.h>

#include <filesystem>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "cli/address.h"
#include "cli/client.h"
#include "cli/supervisor/cluster_file.h"
#include "cli/supervisor/launch.h"
#include "cli/up_lock.h"

namespace bsub::cli {
namespace {

constexpr Duration kLockPatience = std::chrono::minutes(2);
constexpr int kQuietMs = 2'000;      // before saying what is waited for
constexpr int kLookMs = 1'000;       // between looks whether the supervisor is stopped
constexpr int kLooksForStopped = 3;  // a person may let it go on

Manual DownManual() {
  return {
      .name = "down",
      .summary = "stop the cluster of this machine",
      .synopsis = {"[--now]"},
      .paragraphs = {"Ends the nodes, their tasks and the scheduler, and returns when all are gone. Running "
                     "tasks get TERM, and KILL "
                     "after their grace; they wait in the queue and run again after the next up, which is "
                     "not counted as an attempt. "
                     "All state stays: waiting jobs wait on, finished ones are remembered.",
                     "Where no cluster is up, down says so and exits with 0."},
      .options = {{.name = "now", .text = "KILL running tasks without grace."}},
      .examples = {{"down", "Stop, letting tasks end cleanly."}},
      .max_words = 0,
  };
}

// The supervisor to end: the one that works, or, for daemons that outlived theirs, one that takes over and
// stops.
Result<std::optional<RunningSupervisor>> SupervisorToStop(const HomeLayout& layout,
                                                          const ClusterFile& cluster) {
  BSUB_ASSIGN_OR_RETURN(auto supervisor, FindSupervisor(layout));
  if (supervisor) {
    SendSignal(supervisor->pidfd, SIGTERM);
    return supervisor;
  }
  if (LivingDaemons(layout, cluster).empty() && !SpawnerWasKilled(layout, cluster))
    return std::optional<RunningSupervisor>();
  BSUB_ASSIGN_OR_RETURN(const std::string programs, ProgramsDirectory());
  BSUB_ASSIGN_OR_RETURN(RunningSupervisor stopper, StartSupervisor(layout, programs, true));
  return std::optional(std::move(stopper));
}

Status WaitUntilGone(const RunningSupervisor& supervisor, bool now, Context& context) {
  if (!supervisor.pidfd.valid() || WaitForEnd(supervisor.pidfd, kQuietMs)) return OkStatus();
  context.err << "Waiting for running tasks to end" << (now ? "." : "; they have their grace.") << std::endl;
  int stopped = 0;  // looks in a row that found it so
  while (!WaitForEnd(supervisor.pidfd, kLookMs)) {
    stopped = IsStopped(supervisor.identity.pid) ? stopped + 1 : 0;
    if (stopped < kLooksForStopped) continue;
    const std::string pid = std::to_string(supervisor.identity.pid);
    return Internal("the cluster's supervisor, process " + pid +
                    ", is stopped (SIGSTOP); let it go on with kill -CONT " + pid + ", or kill -9 " + pid +
                    " and run bsub-lite down again");
  }
  return OkStatus();
}

// False: it was not up.
Result<bool> TakeDown(const std::string& home, bool now, Context& context) {
  const HomeLayout layout{home};
  if (!std::filesystem::exists(layout.ClusterFile())) return false;
  BSUB_ASSIGN_OR_RETURN(const LockFile lock, TakeUpLock(layout, context, kLockPatience));
  BSUB_ASSIGN_OR_RETURN(const auto cluster, LoadClusterFile(layout.ClusterFile()));
  if (!cluster) return false;
  std::vector<std::string> living;
  // One that is killed at this moment looks as if it would stop them; then another takes over.
  for (int tries = 0; tries < 2; ++tries) {
    BSUB_ASSIGN_OR_RETURN(auto supervisor, SupervisorToStop(layout, *cluster));
    if (!supervisor) return tries > 0;
    if (now && supervisor->pidfd.valid())
      SendSignal(supervisor->pidfd, SIGINT);  // beside TERM: no more grace
    BSUB_RETURN_IF_ERROR(WaitUntilGone(*supervisor, now, context));
    living = LivingDaemons(layout, *cluster);
    if (living.empty() && !SpawnerWasKilled(layout, *cluster)) return true;
  }
  if (living.empty()) return true;
  return Internal("the supervisor ended before " + living.front() + "; run bsub-lite down again");
}

int Run(Context& context, const Arguments& arguments) {
  if (!context.Variable("BSUB_LITE_SERVER").empty()) {
    return Fail(context, "down",
                InvalidArgument(
                    "BSUB_LITE_SERVER names a cluster elsewhere; unset it to stop the one on this machine"));
  }
  const auto home = FindHome(context);
  if (!home) return Fail(context, "down", home.error());
  const auto stopped = TakeDown(*home, arguments.Has("now"), context);
  if (!stopped) {
    Fail(context, "down", stopped.error());
    return kExitFailed;
  }
  context.out << (*stopped ? "The cluster in " : "No cluster is up in ") << *home
              << (*stopped ? " is down." : ".") << std::endl;
  return kExitOk;
}

}  // namespace

Command DownCommand() {
  return {.name = "down",
          .heading = "Cluster",
          .summary = "stop the cluster of this machine",
          .manual = DownManual,
          .run = Run};
}

}  // namespace bsub::cli
