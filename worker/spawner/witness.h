// The witness of a task's exit: a process between the spawner and the task's main process, so that how a task
// ended is known although the spawner was killed meanwhile. Without it a success that nobody saw would be run
// a second time.
//
//   spawner -> witness -> main process
//
// It is made by the launcher (launcher.h), as a child of the spawner, and makes the main process.
//
// The witness waits for the main process, writes how it ended to a slot of a file, and ends. It leaves the
// zombie unreaped: that goes to the spawner, its subreaper, who reaps it as if it had been its child all
// along and takes no notice of the slot. Only the next spawner, after a kill, reads the slots of the tasks
// that were running.
//
// It also sees to it that no task outlives the node's lease, which a scheduler relies on that gives the task
// to others: whatever became of the spawner (frozen, stuck, dead), the witness kills what is left once the
// lease and its grace are over. A spawner that is well has done so by then. While the spawner is dead the
// witness does not wait for the grace, and sweeps what the task leaves behind.
//
// And it asks, at the end, for the disk below the user's own output files: their file system may hang, and
// the spawner may not. What it found, and whether it had to kill, its exit status tells the spawner.
//
// It holds nothing of the spawner's but the state directory, and no signal for task or spawner reaches it.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"
#include "worker/core/attempt_key.h"
#include "worker/spawner/child.h"
#include "worker/spawner/lease_watch.h"
#include "worker/spawner/state_dir.h"
#include "worker/spawner/task_log.h"

namespace bsub::spawner {

struct SeenExit {
  int wait_status = 0;  // as of waitpid(2)
  std::int64_t user_us = 0;
  std::int64_t system_us = 0;
  std::int64_t elapsed_us = 0;
  std::int64_t max_rss_bytes = 0;
  std::int64_t read_bytes = 0;
  std::int64_t write_bytes = 0;
  friend bool operator==(const SeenExit&, const SeenExit&) = default;
};

// One line with a hash, so that a torn record is none, and with the attempt, so that it is nobody else's.
std::string EncodeExit(const worker::AttemptKey& key, const SeenExit& exit);
std::optional<SeenExit> DecodeExit(const worker::AttemptKey& key, std::string_view text);

struct StartedChild {
  pid_t witness = 0;
  pid_t main = 0;  // of the task; else minus the errno of why there is none
};
// The first thing that is said over a task's start socket.
void TellStarted(int start_socket, const StartedChild& started);
// DeadlineExceeded if nothing was said until then.
Result<StartedChild> AwaitStarted(int start_socket, std::int64_t until_us);

// What a witness tells by its exit status.
struct WitnessWord {
  bool killed = false;    // it killed the task, whose lease was over
  bool out_full = false;  // the user's own file for standard output is on a full disk
  bool err_full = false;  // the same of standard error
};
WitnessWord WordOf(int wait_status);

// What this process does from now on: it makes the main process and is its witness. `start_socket`: the main
// process's end of it (see RunChild).
[[noreturn]] void RunWitness(const ChildPlan& plan, const WitnessDuty& duty, int start_socket);

// After the leftovers were killed: waits for the witnesses of `log.running` and moves the tasks whose end
// they saw to `log.unacknowledged`. An end by TERM or KILL is not among them: it may have been the spawner's
// doing, of which the reason is lost.
void RecoverExits(const StateDir& dir, RecoveredLog& log, bool same_boot, std::int64_t deadline_us);

}  // namespace bsub::spawner
