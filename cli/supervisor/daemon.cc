#include "cli/supervisor/daemon.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "cli/supervisor/files.h"

namespace bsub::cli {
namespace {

constexpr int kCannotExecute = 127;  // as a shell
constexpr char kGo = 'g';

std::string DescribeStatus(int status) {
  if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
  return "exited with code " + std::to_string(WEXITSTATUS(status));
}

Error SystemError(const std::string& what) { return Internal(what + ": " + std::strerror(errno)); }

}  // namespace

Daemon::Daemon(DaemonSpec spec, const HomeLayout& layout, BackoffSettings backoff)
    : spec_(std::move(spec)),
      record_(layout.RecordOf(spec_.name)),
      log_(layout.LogOf(spec_.name)),
      backoff_(backoff) {}

bool Daemon::Adopt(Duration now) {
  const auto recorded = ReadRecord(record_);
  if (!recorded) return false;
  auto pidfd = OpenIfAlive(*recorded);
  if (!pidfd) return false;
  identity_ = *recorded;
  pidfd_ = std::move(*pidfd);
  is_child_ = false;
  started_at_ = now;
  return true;
}

bool Daemon::MayStart() const {
  return spec_.needs_file.empty() || access(spec_.needs_file.c_str(), F_OK) == 0;
}

Status Daemon::Start(Duration now, const std::string& option) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return SystemError("pipe");
  UniqueFd child_end(ends[0]), our_end(ends[1]);
  const pid_t pid = fork();
  if (pid < 0) return SystemError("fork");
  if (pid == 0) {
    our_end.Reset();
    RunChild(child_end.get(), option);
  }
  pidfd_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  const auto identity = IdentityOf(pid);
  is_child_ = true;
  ended_well_ = false;
  started_at_ = now;
  identity_ = identity.value_or(ProcessIdentity{.pid = pid, .start_ticks = 0, .boot_id = {}});
  Status recorded =
      pidfd_.valid() ? WriteFileWhole(record_, ToRecord(identity_), Durable::kNo) : SystemError("pidfd_open");
  if (recorded && write(our_end.get(), &kGo, 1) != 1)
    recorded = SystemError("cannot tell the child to go on");
  if (recorded) return recorded;
  our_end.Reset();  // the child ends without having done anything
  waitpid(pid, nullptr, 0);
  pidfd_.Reset();
  PlanRestart(now);
  return recorded;
}

// Single-threaded parent: whatever it could do, the child can do too.
void Daemon::RunChild(int go, const std::string& option) const {
  char word = 0;
  ssize_t n = 0;
  while ((n = read(go, &word, 1)) < 0 && errno == EINTR) {
  }
  if (n != 1) _exit(kCannotExecute);
  setsid();
  signal(SIGHUP, SIG_DFL);
  signal(SIGPIPE, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int input = open("/dev/null", O_RDONLY);
  const int output = open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (input < 0 || output < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0)
    _exit(kCannotExecute);
  syscall(SYS_close_range, 3U, ~0U, 0U);
  std::vector<char*> argv;
  for (const std::string& word_of : spec_.argv) argv.push_back(const_cast<char*>(word_of.c_str()));
  if (!option.empty()) argv.push_back(const_cast<char*>(option.c_str()));
  argv.push_back(nullptr);
  execv(argv[0], argv.data());
  std::fprintf(stderr, "%s cannot be executed: %s; is it installed beside bsub-lite?\n", argv[0],
               std::strerror(errno));
  _exit(kCannotExecute);
}

void Daemon::OnEnd(Duration now) {
  int status = 0;
  gave_up_ = false;
  ended_well_ = false;
  last_end_ = "ended";
  if (is_child_ && waitpid(identity_.pid, &status, WNOHANG) == identity_.pid) {
    last_end_ = DescribeStatus(status);
    gave_up_ = WIFEXITED(status) && WEXITSTATUS(status) != 0;
    ended_well_ = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  pidfd_.Reset();
  unlink(record_.c_str());
  PlanRestart(now);
}

void Daemon::PlanRestart(Duration now) { start_at_ = now + backoff_.AfterEnd(now - started_at_); }

void Daemon::Signal(int signal) const {
  if (running()) SendSignal(pidfd_, signal);
}

}  // namespace bsub::cli
