#include "bench/placement/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>

#include "common/time.h"

namespace bsub::placement {
namespace {

// As shells say it.
constexpr int kNotStarted = 127;
constexpr int kSignalled = 128;

constexpr Duration kGrace = std::chrono::seconds(5);  // from TERM to KILL
// More than a client waits for a scheduler that is silent.
constexpr Duration kTimeToFinish = std::chrono::seconds(15);

Error SystemError(const std::string& what) { return Internal(what + ": " + std::strerror(errno)); }

// In the child: never returns. It has a process group of its own, so that an interrupt reaches what it starts
// too, and only when it is meant to.
[[noreturn]] void Become(const ChildRun& child) {
  setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::vector<char*> argv;
  for (const std::string& word : child.words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  const int out = open(child.output.c_str(), kFlags, 0666), err = open(child.errors.c_str(), kFlags, 0666);
  const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (out < 0 || err < 0 || in < 0 || chdir(child.directory.c_str()) != 0) _exit(kNotStarted);
  dup2(in, STDIN_FILENO), dup2(out, STDOUT_FILENO), dup2(err, STDERR_FILENO);
  execvp(argv.front(), argv.data());
  _exit(kNotStarted);
}

std::string LastLine(const std::string& path) {
  const auto text = ReadFile(path);
  if (!text) return "";
  std::string_view rest = *text;
  while (!rest.empty() && rest.back() == '\n') rest.remove_suffix(1);
  return std::string(rest.substr(rest.rfind('\n') + 1));
}

// Until the child's end. True: an interrupt came before.
bool WasInterrupted(const ChildRun& child, pid_t pid, const cli::Interrupts& interrupts) {
  using Came = cli::Interrupts::Came;
  const int ended = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));  // Linux 5.3
  if (ended < 0) return false;
  const bool interrupted = interrupts.WaitFor(ended, Duration::max()) == Came::kInterrupt;
  if (interrupted) {
    if (!child.finishes) kill(-pid, SIGTERM);
    if (interrupts.WaitFor(ended, child.finishes ? kTimeToFinish : kGrace) != Came::kReadable)
      kill(-pid, SIGKILL);
  }
  close(ended);
  return interrupted;
}

}  // namespace

Result<int> ExitCodeOf(const ChildRun& child, const cli::Interrupts* interrupts) {
  const pid_t pid = fork();
  if (pid < 0) return SystemError("fork");
  if (pid == 0) Become(child);
  setpgid(pid, pid);  // the child does it too: whoever comes first
  const bool interrupted = interrupts != nullptr && WasInterrupted(child, pid, *interrupts);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return SystemError("waitpid");
  }
  if (interrupted) return Error{Code::kCancelled, "interrupted"};
  return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
}

Status RunChild(const ChildRun& child, const cli::Interrupts* interrupts) {
  BSUB_ASSIGN_OR_RETURN(const int code, ExitCodeOf(child, interrupts));
  if (code == 0) return OkStatus();
  return EndOfChild(child, code);
}

Error EndOfChild(const ChildRun& child, int code) {
  const std::string last = LastLine(child.errors);
  return Internal(child.words.front() +
                  (code > kSignalled ? " was ended by signal " + std::to_string(code - kSignalled)
                                     : " ended with exit code " + std::to_string(code)) +
                  (last.empty() ? "" : ": " + last) + "; see " + child.errors);
}

std::string FindProgram(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    const std::string candidate = std::string(folder.empty() ? "." : folder) + "/" + name;
    std::error_code error;
    if (access(candidate.c_str(), X_OK) == 0 && std::filesystem::is_regular_file(candidate, error))
      return candidate;
  }
  return "";
}

Result<std::string> OwnDirectory() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return Internal("/proc/self/exe: " + error.message());
  return self.parent_path().string();
}

Status MakeDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return Internal(path + ": " + error.message());
  return OkStatus();
}

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return NotFound(path + ": cannot be read");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

Status WriteFile(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) return Internal(path + ": cannot be written");
  return OkStatus();
}

}  // namespace bsub::placement
