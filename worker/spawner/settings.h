// The spawner's settings: command line only, so that what runs is seen in ps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/result.h"
#include "worker/spawner/output_sweep.h"
#include "worker/spawner/task_log.h"

namespace bsub::spawner {

enum class CgroupMode {
  kOff,
  kLimits,  // a group for each task that has a memory limit
  kAll,     // a group for each task
};

struct Settings {
  std::string state_dir;
  std::string node;  // launches for another node are refused; empty: not checked
  // On a file system in memory, for what the ranks of an MPI job share; the state directory where there is
  // none.
  std::string scratch_dir = "/dev/shm";
  std::string launch_key;                  // file; empty: only this user's own tasks are started, unproven
  std::optional<std::uint32_t> agent_uid;  // may connect beside this user and root
  std::size_t max_frame_bytes = 64u << 20;
  std::uint32_t max_tasks = 100'000;  // running or unacknowledged
  SyncPolicy sync = SyncPolicy::kEnds;
  CgroupMode cgroups = CgroupMode::kLimits;
  std::int64_t default_stop_grace_us = 30'000'000;  // where the launch names none
  std::int64_t lease_grace_us = 30'000'000;  // at most so long between TERM and KILL once the lease is lost
  // How long the last kills may take after that; the scheduler is told grace and slack together.
  std::int64_t lease_slack_us = 5'000'000;
  std::int64_t shutdown_grace_us = 30'000'000;  // the same when the spawner is told to end
  std::int64_t leftover_deadline_us = 30'000'000;
  bool end_leftovers = false;        // of the spawner before, and nothing else
  bool bind_cpus = false;            // tasks that ask for whole CPUs get CPUs of their own
  std::int64_t min_free = 16 << 20;  // bytes on the spool's disk without which no task is started
  std::int64_t start_patience_us =
      10'000'000;  // so long is a start tried again that fails for the node's sake
  // So long may making a witness hold up the spawner's only thread, and a witness not begin with its task.
  // Well below lease_slack_us, which kills share.
  std::int64_t launcher_patience_us = 2'000'000;
  std::int64_t step_patience_us = 120'000'000;  // MPI: how long another node may take to answer
  std::int64_t try_again_us = 1'000'000;        // how often such a start, and a record that found no room
  std::int64_t kill_again_us = 500'000;         // a task that forks faster than it is killed
  // A descendant may be reaped by another one, of which the spawner hears nothing.
  std::int64_t sweep_again_us = 50'000;
  // So long after a notice may a program not mind its signal yet: it gets it when it does.
  std::int64_t notice_patience_us = 10'000'000;
  std::int64_t notice_again_us = 20'000;    // how often that is looked at
  std::int64_t output_look_us = 1'000'000;  // how often running tasks' output is looked at
  SweepSettings output_sweep = {.retention_us = 30 * std::int64_t{86'400'000'000},
                                .step_us = 1'000'000,
                                .folders = 1000};  // what is old leaves the spool
  std::uint32_t idle_witnesses = 128;              // kept for the next tasks
  std::size_t log_compact_bytes = 16u << 20;       // the task log is rewritten once it is longer
  std::size_t remembered_attempts = 65'536;  // acknowledged ones, whose launch is refused if it comes again
};

struct ParsedArguments {
  Settings settings;
  std::string text;  // help or version to print instead of running
};
Result<ParsedArguments> ParseArguments(int argc, const char* const* argv);

// The options as a table for docs/node-settings.md.
std::string SettingsManual();

}  // namespace bsub::spawner
