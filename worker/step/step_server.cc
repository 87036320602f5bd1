#include "worker/step/step_server.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>

#include "worker/step/note_file.h"
#include "worker/step/processes.h"
#include "worker/step/remote_step.h"
#include "worker/step/rendezvous.h"

namespace bsub::step {
namespace {

class StepServer {
 public:
  StepServer(const Gang& gang, UniqueFd listener, UniqueFd signals)
      : gang_(gang), listener_(std::move(listener)), signals_(std::move(signals)) {}

  void Run() {
    while (!told_to_end_ || !serving_.empty()) {
      std::array<pollfd, 2> polled = {{{signals_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}}};
      if (poll(polled.data(), polled.size(), -1) < 0) continue;
      if (polled[1].revents != 0) Accept();
      if (polled[0].revents != 0) OnSignals();
    }
  }

 private:
  void Accept() {
    UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.valid()) return;
    const pid_t pid = fork();
    if (pid == 0) {
      listener_.Reset();
      signals_.Reset();
      ServeConnection(gang_, std::move(connection));
    }
    if (pid > 0) serving_.insert(pid);
  }

  void OnSignals() {
    signalfd_siginfo seen{};
    while (read(signals_.get(), &seen, sizeof seen) == sizeof seen) {
      if (seen.ssi_signo != SIGCHLD) told_to_end_ = true;
    }
    int status = 0;
    for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
      if (serving_.erase(pid) != 0 && WIFSIGNALED(status)) KillOrphans();
    }
  }

  // One that serves a connection ends only when nothing of its command is left, unless it is killed: then
  // what is left has become our child.
  void KillOrphans() {
    KillAllChildren([this](pid_t pid) { return serving_.count(pid) != 0; });
  }

  const Gang& gang_;
  UniqueFd listener_;
  UniqueFd signals_;
  std::set<pid_t> serving_;
  bool told_to_end_ = false;
};

// The processes that serve connections inherit it: a signal to the task's whole group is for the server.
UniqueFd TakeSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  sigset_t blocked = set;
  for (const int signal : {SIGUSR1, SIGUSR2, SIGQUIT, SIGALRM, SIGTSTP}) sigaddset(&blocked, signal);
  sigprocmask(SIG_SETMASK, &blocked, nullptr);
  return UniqueFd(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace

int RunStepServer(const Gang& gang) {
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  UniqueFd signals = TakeSignals();
  Result<UniqueFd> listener = Listen(gang);
  if (!listener) return Explain(gang.scratch, listener.error().message);
  StepServer(gang, std::move(*listener), std::move(signals)).Run();
  return 0;
}

}  // namespace bsub::step
