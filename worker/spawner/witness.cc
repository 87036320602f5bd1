#include "worker/spawner/witness.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <new>
#include <utility>

#include "worker/spawner/child.h"
#include "worker/spawner/files.h"
#include "worker/spawner/launch_bytes.h"
#include "worker/spawner/proc_fs.h"
#include "worker/spawner/slot_record.h"
#include "worker/spawner/spool_disk.h"
#include "worker/spawner/task_slots.h"
#include "worker/spawner/witness_words.h"

namespace bsub::spawner {
namespace {

constexpr std::int64_t kBlockBytes = 512;  // of ru_inblock and ru_oublock

// How often a main process is looked at that does not stand in its witness's place until it executes. Only
// where vfork(2) is a fork.
constexpr int kForkedMs = 1;

std::int64_t Micros(const timeval& t) { return static_cast<std::int64_t>(t.tv_sec) * 1'000'000 + t.tv_usec; }

int WaitStatus(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return W_EXITCODE(info.si_status, 0);
  return info.si_status | (info.si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

// Bits of the exit status of the process that asks for disks.
constexpr int kOutFull = 1;
constexpr int kErrFull = 2;

// Whether the user's own files are on a full disk, as bits. A process of its own asks, which can be left
// behind: their file system may not answer.
int AskForDisks(const ChildPlan& plan, int socket, std::int64_t deadline_us) {
  const bool ask_out = !plan.out.in_spool;
  const bool ask_err = !plan.err.in_spool && !plan.err.path.empty();
  const pid_t asker = ask_out || ask_err ? fork() : -1;
  if (asker < 0) return 0;
  const bool privileged = plan.uid == 0;
  if (asker == 0) {
    close(socket);  // its end must show at once when the witness is killed
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

// The zombie stays: until it is reaped, its process group can be signalled without taking another for it.
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

// Of this process, which was made after `before_us`. The kernel counts from the same clock (proc(5)), so its
// file needs to be read only if a tick has passed since.
std::uint64_t OwnStartTicks(std::int64_t before_us) {
  const std::int64_t tick_us = 1'000'000 / sysconf(_SC_CLK_TCK);
  const std::int64_t before = before_us / tick_us;
  if (before == BootTimeUs() / tick_us) return static_cast<std::uint64_t>(before);
  return ProcFs().Stat(getpid()).value_or(ProcStat()).start_ticks;
}

class Witness {
 public:
  Witness(WitnessDuty duty, int socket)
      : duty_(std::move(duty)),
        socket_(socket),
        timer_(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC)),
        pid_(getpid()),
        start_ticks_(ProcFs().Stat(pid_).value_or(ProcStat()).start_ticks) {
    // Shared with the main process until it executes: whether it came so far. One that did not has no end to
    // be told. A page of its own, because a vfork(2) may be a fork (the thread sanitizer's is).
    void* const page =
        mmap(nullptr, sizeof(std::atomic<bool>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || !timer_.valid()) _exit(1);  // a task that nobody watches must not run
    executes_ = new (page) std::atomic<bool>(false);
  }

  [[noreturn]] void Serve() {
    for (;;) ServeOne();
  }

 private:
  void ServeOne() {
    std::string bytes;
    if (!ReceiveOrder(socket_, bytes)) _exit(0);
    while (waitpid(-1, nullptr, WNOHANG) > 0) {  // askers for disks that were left behind
    }
    const auto order = DecodeOrder(bytes);
    bytes = std::string();
    if (!order) _exit(1);
    Run(*order);
  }
  void Run(const LaunchOrder& order);
  bool AwaitExec(pid_t main) const;
  pid_t StartMain(const LaunchOrder& order);
  [[noreturn]] void RunMain(const LaunchOrder& order, std::int64_t before_us);
  bool Record(const LaunchOrder& order, std::int64_t before_us) const;
  std::string WhyNot() const;

  WitnessDuty duty_;
  const int socket_;
  const UniqueFd timer_;
  const pid_t pid_;
  const std::uint64_t start_ticks_;
  std::atomic<bool>* executes_ = nullptr;
};

bool Witness::Record(const LaunchOrder& order, std::int64_t before_us) const {
  const SlotTask task{order.key, order.incarnation, getpid(),    OwnStartTicks(before_us),
                      pid_,      start_ticks_,      order.cgroup};
  return WriteSlot(duty_.slots, order.slot, SlotLine::kTask, EncodeTask(task)) &&
         (!order.sync_record || fdatasync(duty_.slots) == 0);
}

// Asked right before the program is executed: it may have been a long time since the order. Of the main
// process, which has the socket only as kReportFd by then (child.h).
std::string Witness::WhyNot() const {
  if (getppid() != pid_) return "its witness was killed before it began";
  if (IsHungUp(kReportFd)) return "the node's spawner was gone before it began";
  const std::int64_t kill_at_us = duty_.lease->kill_at_us();
  if (kill_at_us != 0 && BootTimeUs() >= kill_at_us) return "the node's lease was over before it began";
  return {};
}

// In the child of the vfork(2) below: whatever it does happens in the witness's memory.
void Witness::RunMain(const LaunchOrder& order, std::int64_t before_us) {
  if (!Record(order, before_us)) {
    Say(socket_, {.kind = WordKind::kNotStarted,
                  .cause = v1::spawner::NODE_FAULT,
                  .reason = ErrnoText("the node cannot record the task's process")});
    _exit(1);
  }
  Say(socket_, {.kind = WordKind::kStarted, .pid = getpid()});
  RunChild(order.plan, socket_, *executes_, [this] { return WhyNot(); });
}

// The main process. It borrows this one's memory until it executes its program or ends; nothing is copied,
// and this one stands still as long. That it becomes the user meanwhile opens the memory to nobody: with its
// user id a process loses its dumpable flag (prctl(2)), and no other process of that user may look into it.
pid_t Witness::StartMain(const LaunchOrder& order) {
  char** const own_environment = environ;
  const std::int64_t before_us = BootTimeUs();
  executes_->store(false);
  const pid_t main = vfork();
  if (main == 0) RunMain(order, before_us);
  environ = own_environment;
  return main;
}

// Whether it executes its program, or has.
bool Witness::AwaitExec(pid_t main) const {
  siginfo_t info{};
  while (!executes_->load() &&
         waitid(P_PID, static_cast<id_t>(main), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
         info.si_pid == 0) {
    poll(nullptr, 0, kForkedMs);
  }
  return executes_->load();
}

void Witness::Run(const LaunchOrder& order) {
  duty_.key = order.key;
  duty_.mark = order.mark;
  duty_.slot = order.slot;
  const pid_t main = StartMain(order);
  if (main < 0) {
    Say(socket_, {.kind = WordKind::kNotStarted,
                  .cause = v1::spawner::NODE_FAULT,
                  .reason = ErrnoText("the node cannot fork the task's process")});
    return Say(socket_, {.kind = WordKind::kEnded});
  }
  const std::int64_t begin = BootTimeUs();
  const bool executed = AwaitExec(main);
  if (executed) Say(socket_, {.kind = WordKind::kExecutes});
  LeaseWatch watch(duty_, timer_.get());
  watch.AwaitEnd(main);
  Word word{.kind = WordKind::kEnded};
  if (AwaitExit(main, word.exit) && executed) {
    word.exit.elapsed_us = BootTimeUs() - begin;
    WriteSlot(duty_.slots, duty_.slot, SlotLine::kExit, EncodeExit(duty_.key, word.exit));
  }
  if (watch.alone()) {
    // What never executed left nothing behind; the mark may be another try's by now.
    if (executed) SweepTask(main, duty_);
    _exit(0);  // nobody asks
  }
  word.killed = watch.killed();
  const int full = AskForDisks(order.plan, socket_, duty_.look_deadline_us);
  word.out_full = (full & kOutFull) != 0;
  word.err_full = (full & kErrFull) != 0;
  kill(-main, SIGKILL);  // nobody else can have its number before it is reaped
  waitpid(main, nullptr, 0);
  Say(socket_, word);
  // It may have been killed in the middle of a change to this memory, or with a lock of the C library taken.
  if (!executed) _exit(0);
}

}  // namespace

void RunWitness(WitnessDuty duty, int state_dir, int socket) {
  setsid();
  prctl(PR_SET_NAME, "bsub-witness");
  CloseAllBut({STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, kReportFd, state_dir, socket, duty.spawner,
               duty.slots, duty.lease->alarm()});
  Witness(std::move(duty), socket).Serve();
}

}  // namespace bsub::spawner
