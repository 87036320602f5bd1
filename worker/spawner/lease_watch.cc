#include "worker/spawner/lease_watch.h"

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>

#include "worker/spawner/files.h"
#include "worker/spawner/leftovers.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/proc_fs.h"

namespace bsub::spawner {
namespace {

// How long an alarm that is a step behind its page is left alone. No setting: the step is one system call of
// the spawner's, and only a spawner frozen in between makes it longer. It bounds how late a lease that is
// shortened meanwhile is looked at, and is far below the slack of its end (--lease-slack).
constexpr std::int64_t kRestUs = 100'000;

// How often a process is looked at for which the machine had no descriptor.
constexpr int kBlindMs = 50;

}  // namespace

void SweepTask(pid_t main, const WitnessDuty& duty) {
  v1::spawner::LogRecord::Launched launched;
  launched.set_pid(main);
  launched.set_start_ticks(ProcFs().Stat(main).value_or(ProcStat()).start_ticks);
  LeftoverSigns signs;
  signs.recorded.push_back(launched);
  signs.task_mark = duty.mark;
  const auto killed = KillLeftovers(ProcFs(), *duty.cgroups, signs, duty.sweep_deadline_us);
  if (!killed) LogLine("event=witness-cannot-sweep what=\"" + killed.error().message + "\"");
}

void LeaseWatch::Arm(std::int64_t at_us) {
  ArmAt(timer_, at_us);
  armed_ = at_us != 0;
}

void LeaseWatch::AwaitEnd(pid_t main) {
  main_ = main;
  process_.Reset(static_cast<int>(syscall(SYS_pidfd_open, main, 0)));
  while (!Step()) {
  }
  if (armed_) Arm(0);
}

// Without a pidfd: whether the main process, a child of this one, is a zombie.
bool LeaseWatch::IsOver() const {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(main_), &info, WEXITED | WNOWAIT | WNOHANG) != 0 ||
         info.si_pid == main_;
}

// True once the main process is over.
bool LeaseWatch::Step() {
  const int alarm = killed_ || resting_ ? -1 : duty_.lease->alarm();
  pollfd fds[] = {{process_.get(), POLLIN, 0},
                  {alone_ ? -1 : duty_.spawner, POLLIN, 0},
                  {timer_, POLLIN, 0},
                  {alarm, POLLIN, 0}};
  // The machine may have had no descriptor for a process that runs already.
  const bool blind = !process_.valid();
  if (poll(fds, std::size(fds), blind ? kBlindMs : -1) < 0) return false;
  if (blind ? IsOver() : fds[0].revents != 0) return true;
  if (fds[1].revents != 0) {
    alone_ = true;
    Arm(duty_.lease->end_us());
  } else if (fds[2].revents != 0 || fds[3].revents != 0) {
    OnTime();
  }
  return false;
}

void LeaseWatch::OnTime() {
  const std::int64_t at_us = alone_ ? duty_.lease->end_us() : duty_.lease->kill_at_us();
  const std::int64_t now = BootTimeUs();
  const bool over = at_us != 0 && at_us <= now;
  // Renewed in this moment: the alarm may be a step behind, and must not keep us busy. The end may move
  // again, to an earlier time too, so it is looked at again soon.
  resting_ = !over && !resting_ && at_us != 0;
  Arm(over || at_us == 0 ? 0 : resting_ && !alone_ ? std::min(at_us, now + kRestUs) : at_us);
  if (!over) return;
  killed_ = true;
  LogLine("event=witness-kills task=" + ToString(duty_.key) +
          " reason=\"the node's lease ended and its spawner " + (alone_ ? "is dead" : "does nothing") + "\"");
  SweepTask(main_, duty_);
}

}  // namespace bsub::spawner
