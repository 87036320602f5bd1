#include "worker/spawner/recovery.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <set>
#include <utility>

#include "worker/spawner/files.h"
#include "worker/spawner/launch_plan.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/proc_fs.h"
#include "worker/spawner/slot_record.h"
#include "worker/spawner/spare_outputs.h"
#include "worker/spawner/task_slots.h"

namespace bsub::spawner {
namespace {

bool MayBeTheSpawnersDoing(int wait_status) {
  return WIFSIGNALED(wait_status) && (WTERMSIG(wait_status) == SIGTERM || WTERMSIG(wait_status) == SIGKILL);
}

wire::LogRecord::Launched LaunchedFrom(const SlotTask& task, std::uint32_t slot) {
  wire::LogRecord::Launched launched;
  ToWire(task.key, launched.mutable_attempt());
  launched.set_incarnation(task.incarnation);
  launched.set_pid(task.pid);
  launched.set_start_ticks(task.start_ticks);
  launched.set_cgroup(task.cgroup);
  launched.set_witness_pid(task.witness);
  launched.set_witness_start_ticks(task.witness_start_ticks);
  launched.set_exit_slot(slot);
  return launched;
}

wire::TaskStatus StatusFrom(const wire::LogRecord::Launched& launched, const SeenExit& exit) {
  wire::TaskStatus status;
  *status.mutable_attempt() = launched.attempt();
  status.set_incarnation(launched.incarnation());
  status.set_pid(launched.pid());
  status.set_started(true);
  wire::Ended& ended = *status.mutable_ended();
  const bool signalled = WIFSIGNALED(exit.wait_status);
  ended.set_kind(signalled ? wire::SIGNALLED : wire::EXITED);
  ended.set_code(signalled ? WTERMSIG(exit.wait_status) : WEXITSTATUS(exit.wait_status));
  ended.set_user_us(exit.user_us);
  ended.set_system_us(exit.system_us);
  ended.set_elapsed_us(exit.elapsed_us);
  ended.set_max_rss_bytes(exit.max_rss_bytes);
  ended.set_read_bytes(exit.read_bytes);
  ended.set_write_bytes(exit.write_bytes);
  return status;
}

// Its task is over, so a witness has only its slot left to write.
void WaitForWitness(const wire::LogRecord::Launched& launched, std::int64_t until_us) {
  const auto pid = static_cast<pid_t>(launched.witness_pid());
  if (pid <= 0) return;
  const UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  const auto stat = ProcFs().Stat(pid);
  if (!fd.valid() || !stat || stat->start_ticks != launched.witness_start_ticks()) return;
  const std::int64_t left_ms = std::max<std::int64_t>(until_us - BootTimeUs(), 0) / 1000;
  pollfd entry{fd.get(), POLLIN, 0};
  if (poll(&entry, 1, static_cast<int>(left_ms)) == 0) {
    LogLine("event=witness-late pid=" + std::to_string(pid) + " note=\"how its task ended is not known\"");
  }
}

}  // namespace

void AddRunning(int slots, RecoveredLog& log) {
  std::set<std::pair<worker::AttemptKey, std::uint64_t>> ended;
  for (const wire::TaskStatus& status : log.unacknowledged)
    ended.insert({KeyOf(status.attempt()), status.incarnation()});
  const std::uint32_t count = slots < 0 ? 0 : CountSlots(slots);
  for (std::uint32_t slot = 0; slot < count; ++slot) {
    const auto task = DecodeTask(ReadSlot(slots, slot, SlotLine::kTask));
    if (task && ended.count({task->key, task->incarnation}) == 0)
      log.running.push_back(LaunchedFrom(*task, slot));
  }
}

void RecoverExits(int slots, RecoveredLog& log, bool same_boot, std::int64_t deadline_us) {
  const std::int64_t until = BootTimeUs() + deadline_us;
  for (const wire::LogRecord::Launched& launched : log.running) {
    if (same_boot) WaitForWitness(launched, until);
    const worker::AttemptKey key = KeyOf(launched.attempt());
    const auto exit = DecodeExit(key, ReadSlot(slots, launched.exit_slot(), SlotLine::kExit));
    if (!exit || MayBeTheSpawnersDoing(exit->wait_status)) continue;
    LogLine("event=exit-recovered task=" + ToString(key) +
            " wait_status=" + std::to_string(exit->wait_status));
    log.unacknowledged.push_back(StatusFrom(launched, *exit));
  }
}

void ClaimOutputs(int state_dir, const RecoveredLog& log) {
  for (const wire::LogRecord::Launched& launched : log.running)
    ClaimOutput(state_dir, launched.exit_slot(), KeyOf(launched.attempt()));
  ClearSpareOutputs(state_dir);
}

}  // namespace bsub::spawner
