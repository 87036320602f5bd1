#include "worker/spawner/witness.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <new>

#include "common/hash.h"
#include "worker/spawner/exit_slots.h"
#include "worker/spawner/files.h"
#include "worker/spawner/lease_watch.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/proc_fs.h"
#include "worker/spawner/spool_disk.h"

namespace bsub::spawner {
namespace {

constexpr std::int64_t kBlockBytes = 512;  // of ru_inblock and ru_oublock

std::int64_t Micros(const timeval& t) { return static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_usec; }

int WaitStatus(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return W_EXITCODE(info.si_status, 0);
  return info.si_status | (info.si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

// Bits of the exit status.
constexpr int kKilled = 0x10;
constexpr int kOutFull = 0x20;
constexpr int kErrFull = 0x40;

// Whether the user's own files are on a full disk, as bits. A process of its own asks, which can be left
// behind: their file system may not answer.
int AskForDisks(const ChildPlan& plan, std::int64_t deadline_us) {
  const bool ask_out = !plan.out.in_spool;
  const bool ask_err = !plan.err.in_spool && !plan.err.path.empty();
  const pid_t asker = ask_out || ask_err ? fork() : -1;
  if (asker < 0) return 0;
  const bool privileged = plan.uid == 0;
  if (asker == 0) {
    const bool out_full = ask_out && IsDiskFull(AT_FDCWD, plan.out.path, privileged);
    const bool err_full = ask_err && IsDiskFull(AT_FDCWD, plan.err.path, privileged);
    _exit((out_full ? kOutFull : 0) | (err_full ? kErrFull : 0));
  }
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, asker, 0)));
  pollfd entry{process.get(), POLLIN, 0};
  int status = 0;
  if (poll(&entry, 1, static_cast<int>(deadline_us / 1000)) > 0 && waitpid(asker, &status, 0) == asker)
    return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  kill(asker, SIGKILL);
  return 0;
}

// The zombie stays, for the spawner or init.
bool AwaitExit(pid_t main, SeenExit& exit) {
  siginfo_t info{};
  rusage usage{};
  while (syscall(SYS_waitid, P_PID, main, &info, WEXITED | WNOWAIT, &usage) != 0) {
    if (errno != EINTR) return false;
  }
  exit.wait_status = WaitStatus(info);
  exit.user_us = Micros(usage.ru_utime);
  exit.system_us = Micros(usage.ru_stime);
  exit.max_rss_bytes = usage.ru_maxrss * 1024;
  exit.read_bytes = usage.ru_inblock * kBlockBytes;
  exit.write_bytes = usage.ru_oublock * kBlockBytes;
  return true;
}

// In the child of the vfork(2) below: whatever it does happens in the witness's memory.
// `witness`: its pid, from before, because the parent is somebody else if it was killed meanwhile.
[[noreturn]] void RunMain(const ChildPlan& plan, const WitnessDuty& duty, int start_socket,
                          std::atomic<bool>& executes, pid_t witness) {
  TellStarted(start_socket, {witness, getpid()});
  // The witness cannot end it while it waits, opens files or looks for its program.
  const auto may_execute = [&duty] {
    const std::int64_t kill_at_us = duty.lease->kill_at_us();
    return kill_at_us == 0 || BootTimeUs() < kill_at_us;
  };
  RunChild(plan, start_socket, executes, may_execute);
}

// The main process. It borrows this one's memory until it executes its program or ends; nothing is copied,
// and this one stands still as long. That it becomes the user meanwhile opens the memory to nobody: with its
// user id a process loses its dumpable flag (prctl(2)), and no other process of that user may look into it.
pid_t StartMain(const ChildPlan& plan, const WitnessDuty& duty, int start_socket,
                std::atomic<bool>& executes) {
  char** const own_environment = environ;
  const pid_t witness = getpid();
  const pid_t main = vfork();
  if (main == 0) RunMain(plan, duty, start_socket, executes, witness);
  environ = own_environment;
  return main;
}

bool MayBeTheSpawnersDoing(int wait_status) {
  return WIFSIGNALED(wait_status) && (WTERMSIG(wait_status) == SIGTERM || WTERMSIG(wait_status) == SIGKILL);
}

worker::AttemptKey KeyFrom(const v1::AttemptKey& key) {
  return {JobId(key.job()), key.ordinal(), key.number()};
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

WitnessWord WordOf(int wait_status) {
  const int bits = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0;
  return {(bits & kKilled) != 0, (bits & kOutFull) != 0, (bits & kErrFull) != 0};
}

std::string EncodeExit(const worker::AttemptKey& key, const SeenExit& exit) {
  std::string text = "exit1 " + ToString(key);
  for (const std::int64_t value : {static_cast<std::int64_t>(exit.wait_status), exit.user_us, exit.system_us,
                                   exit.elapsed_us, exit.max_rss_bytes, exit.read_bytes, exit.write_bytes}) {
    text += " " + std::to_string(value);
  }
  return text + " " + std::to_string(Hash64(text)) + "\n";
}

std::optional<SeenExit> DecodeExit(const worker::AttemptKey& key, std::string_view text) {
  SeenExit exit;
  long long values[7] = {};
  const std::string line(text);
  if (std::sscanf(line.c_str(), "exit1 %*s %lld %lld %lld %lld %lld %lld %lld", &values[0], &values[1],
                  &values[2], &values[3], &values[4], &values[5], &values[6]) != 7) {
    return std::nullopt;
  }
  exit = {static_cast<int>(values[0]), values[1], values[2], values[3], values[4], values[5], values[6]};
  if (EncodeExit(key, exit) != text) return std::nullopt;
  return exit;
}

void TellStarted(int start_socket, const StartedChild& started) {
  [[maybe_unused]] const ssize_t sent = send(start_socket, &started, sizeof started, MSG_NOSIGNAL);
}

Result<StartedChild> AwaitStarted(int start_socket, std::int64_t until_us) {
  StartedChild started;
  if (!PollUntil(start_socket, POLLIN, until_us)) {
    return Error{Code::kDeadlineExceeded,
                 "the node's launcher has made no process in its time (--launcher-patience)"};
  }
  ssize_t got;
  do {
    got = recv(start_socket, &started, sizeof started, MSG_WAITALL);
  } while (got < 0 && errno == EINTR);
  if (got == sizeof started && started.main > 0) return started;
  errno = got == sizeof started ? -started.main : ECONNRESET;
  return ResourceExhausted(ErrnoText("the node cannot fork the task's process"));
}

void RunWitness(const ChildPlan& plan, const WitnessDuty& duty, int start_socket) {
  LeaseWatch watch(duty);
  // Shared with the main process until it executes: whether it came so far. One that did not has no end to be
  // told. A page of its own, because a vfork(2) may be a fork (the thread sanitizer's is).
  void* const page =
      mmap(nullptr, sizeof(std::atomic<bool>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) _exit(1);
  auto& executes = *new (page) std::atomic<bool>(false);
  const pid_t main = watch.valid() ? StartMain(plan, duty, start_socket, executes) : -1;
  if (main < 0) {
    TellStarted(start_socket, {getpid(), -errno});
    _exit(1);
  }
  CloseAllBut({STDERR_FILENO, plan.state_dir, duty.spawner, duty.exits, duty.lease->alarm(), watch.timer()});
  setsid();
  prctl(PR_SET_NAME, "bsub-witness");
  const std::int64_t begin = BootTimeUs();
  watch.AwaitEnd(main);
  SeenExit exit;
  if (AwaitExit(main, exit) && executes.load()) {
    exit.elapsed_us = BootTimeUs() - begin;
    WriteExitSlot(duty.exits, duty.exit_slot, EncodeExit(duty.key, exit));
  }
  if (watch.alone()) {
    // What never executed left nothing behind; the mark may be another try's by now.
    if (executes.load()) SweepTask(main, duty);
    _exit(0);  // nobody asks
  }
  _exit((watch.killed() ? kKilled : 0) | AskForDisks(plan, duty.look_deadline_us));
}

void RecoverExits(const StateDir& dir, RecoveredLog& log, bool same_boot, std::int64_t deadline_us) {
  const std::int64_t until = BootTimeUs() + deadline_us;
  const UniqueFd exits(open(dir.ExitSlotsPath().c_str(), O_RDONLY | O_CLOEXEC));
  for (const wire::LogRecord::Launched& launched : log.running) {
    if (same_boot) WaitForWitness(launched, until);
    const worker::AttemptKey key = KeyFrom(launched.attempt());
    const auto exit = DecodeExit(key, ReadExitSlot(exits.get(), launched.exit_slot()));
    if (!exit || MayBeTheSpawnersDoing(exit->wait_status)) continue;
    LogLine("event=exit-recovered task=" + ToString(key) +
            " wait_status=" + std::to_string(exit->wait_status));
    log.unacknowledged.push_back(StatusFrom(launched, *exit));
  }
}

}  // namespace bsub::spawner
