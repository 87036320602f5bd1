#include "kernels/host/worker_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace bsub::kernels {
namespace {

constexpr const char* kThisProgram = "/proc/self/exe";

Result<int> Spawn(const std::vector<std::string>& arguments, posix_spawn_file_actions_t* actions) {
  std::vector<char*> words = {const_cast<char*>("bsub-lite-kernel-host")};
  for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, kThisProgram, actions, nullptr, words.data(), environ);
  if (error != 0) return Internal(std::string("cannot start a worker process: ") + std::strerror(error));
  return pid;
}

ProcessEnd EndOf(int status) {
  if (WIFSIGNALED(status)) return {true, WTERMSIG(status)};
  return {false, WEXITSTATUS(status)};
}

ProcessEnd Reap(int pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return EndOf(status);
}

std::string ReadAll(int descriptor) {
  std::string all;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(descriptor, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return all;
    all.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace

std::string ToString(const ProcessEnd& end) {
  const std::string number = std::to_string(end.number);
  return end.by_signal ? "signal " + number + " (" + strsignal(end.number) + ")" : "exit code " + number;
}

Result<WorkerProcess> WorkerProcess::Start(const std::vector<std::string>& arguments) {
  BSUB_ASSIGN_OR_RETURN(const int pid, Spawn(arguments, nullptr));
  const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));  // Linux 5.3
  WorkerProcess process(pid, pidfd);
  if (pidfd < 0) return Internal(std::string("pidfd_open: ") + std::strerror(errno));
  return process;
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::exchange(other.pidfd_, -1)) {}

WorkerProcess::~WorkerProcess() {
  if (pid_ > 0) {
    Kill();
    Reap(pid_);
  }
  if (pidfd_ >= 0) ::close(pidfd_);
}

std::optional<ProcessEnd> WorkerProcess::WaitFor(std::chrono::milliseconds most) {
  pollfd ended{pidfd_, POLLIN, 0};
  if (::poll(&ended, 1, static_cast<int>(most.count())) <= 0) return std::nullopt;
  return Reap(std::exchange(pid_, -1));
}

void WorkerProcess::Kill() {
  if (pid_ > 0) ::kill(pid_, SIGKILL);
}

bool DieWithParent(int expected_parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  return ::getppid() == expected_parent;
}

Result<std::string> OutputOf(const std::vector<std::string>& arguments) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Internal(std::string("pipe: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const Result<int> pid = Spawn(arguments, &actions);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string output = pid ? ReadAll(ends[0]) : "";
  ::close(ends[0]);
  if (!pid) return Error(pid.error());
  const ProcessEnd end = Reap(*pid);
  if (end.by_signal || end.number != 0)
    return FailedPrecondition("loading the kernel ended with " + ToString(end));
  return output;
}

}  // namespace bsub::kernels
