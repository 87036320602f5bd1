#include "scheduler/journal/snapshot_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <system_error>

extern char** environ;

namespace bsub::journal {
namespace {

constexpr std::size_t kMaxErrorBytes = 4096;

std::string SystemText(int error_number) { return std::generic_category().message(error_number); }

Status StatusOf(int wait_status, const std::string& text, std::uint64_t sequence) {
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) return OkStatus();
  const std::string how = WIFSIGNALED(wait_status)
                              ? "was killed by signal " + std::to_string(WTERMSIG(wait_status))
                              : "exited with " + std::to_string(WEXITSTATUS(wait_status));
  const std::string first_line = text.substr(0, text.find('\n'));
  return Internal("the snapshot helper for sequence " + std::to_string(sequence) + " " + how +
                  (first_line.empty() ? "" : ": " + first_line));
}

}  // namespace

Result<std::unique_ptr<SnapshotProcess>> SnapshotProcess::Start(const SnapshotHelper& helper,
                                                                const std::string& directory,
                                                                std::uint64_t sequence) {
  int ends[2];
  const std::string& program = helper.program;
  if (::pipe2(ends, O_CLOEXEC) != 0) return Unavailable("cannot start " + program + ": " + SystemText(errno));
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  // The scheduler's threads have blocked the signals that end it; the helper shall hear them.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::string words[] = {program, directory, std::to_string(sequence), std::to_string(::getpid()),
                         std::to_string(helper.nice)};
  char* argv[] = {words[0].data(), words[1].data(), words[2].data(),
                  words[3].data(), words[4].data(), nullptr};
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv, environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  if (failed != 0) {
    ::close(ends[0]);
    return Unavailable("cannot start " + program + ": " + SystemText(failed));
  }
  return std::unique_ptr<SnapshotProcess>(new SnapshotProcess(pid, ends[0], sequence));
}

SnapshotProcess::~SnapshotProcess() {
  if (pid_ != 0) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  ::close(errors_);
}

void SnapshotProcess::ReadErrors() {
  char buffer[512];
  ssize_t n = 0;
  while ((n = ::read(errors_, buffer, sizeof buffer)) > 0) {
    if (text_.size() < kMaxErrorBytes) text_.append(buffer, static_cast<std::size_t>(n));
  }
}

std::optional<Status> SnapshotProcess::Poll() {
  if (pid_ == 0) return std::nullopt;
  ReadErrors();
  int wait_status = 0;
  if (::waitpid(pid_, &wait_status, WNOHANG) != pid_) return std::nullopt;
  pid_ = 0;
  ReadErrors();
  return StatusOf(wait_status, text_, sequence_);
}

}  // namespace bsub::journal
