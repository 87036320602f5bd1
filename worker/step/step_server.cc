#include "worker/step/step_server.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <list>
#include <set>
#include <string>
#include <vector>

#include "worker/step/handshake.h"
#include "worker/step/note_file.h"
#include "worker/step/processes.h"
#include "worker/step/remote_step.h"
#include "worker/step/rendezvous.h"
#include "worker/step/words.h"

namespace bsub::step {
namespace {

// Connections of which it is not known yet whose they are. One more, and the oldest goes: whoever knows the
// secret needs a moment only, and who does not must not keep him out.
constexpr std::size_t kMostStrangers = 64;

class StepServer {
 public:
  StepServer(const Gang& gang, UniqueFd listener, UniqueFd signals)
      : gang_(gang), listener_(std::move(listener)), signals_(std::move(signals)) {}

  void Run() {
    while (!told_to_end_ || !serving_.empty()) Turn();
  }

 private:
  void Turn() {
    std::vector<pollfd> polled = {{signals_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
    for (const Admission& stranger : strangers_) polled.push_back({stranger.fd(), POLLIN, 0});
    if (poll(polled.data(), polled.size(), WaitForStrangers()) < 0) return;
    auto stranger = strangers_.begin();
    for (std::size_t i = 2; i < polled.size(); ++i) stranger = Look(stranger, polled[i].revents != 0);
    if (polled[1].revents != 0) Accept();
    if (polled[0].revents != 0) OnSignals();
  }

  // Until the time of the first is over, in ms.
  int WaitForStrangers() const {
    return strangers_.empty() ? -1 : static_cast<int>(strangers_.front().patience().left().count());
  }

  void Accept() {
    UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection.valid()) return;
    WatchConnection(connection.get());
    if (strangers_.size() == kMostStrangers) strangers_.pop_front();
    strangers_.emplace_back(gang_, std::move(connection));
  }

  // Returns the next.
  std::list<Admission>::iterator Look(std::list<Admission>::iterator stranger, bool speaks) {
    using enum Admission::Verdict;
    const Admission::Verdict verdict = speaks ? stranger->Hear() : kOpen;
    if (verdict == kAdmitted) Serve(stranger->TakeConnection());
    const bool stays = verdict == kOpen && stranger->patience().left().count() > 0;
    return stays ? std::next(stranger) : strangers_.erase(stranger);
  }

  void Serve(UniqueFd connection) {
    const pid_t pid = fork();
    if (pid == 0) {
      listener_.Reset();
      signals_.Reset();
      strangers_.clear();
      ServeConnection(gang_, std::move(connection));
    }
    if (pid > 0) serving_.insert(pid);
    if (pid < 0) SayWhyNot(connection.get(), std::strerror(errno));
  }

  void SayWhyNot(int connection, const std::string& why) {
    WordSender words;
    words.Add(WordKind::kErrors, "bsub-lite-step: node " + gang_.own().name + " cannot fork: " + why + "\n");
    words.Add(WordKind::kEnded, std::to_string(kCannotServe));
    static_cast<void>(words.Flush(connection));
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
  std::list<Admission> strangers_;  // the oldest first
  std::set<pid_t> serving_;
  bool told_to_end_ = false;
};

// The processes that serve connections inherit it: a signal to the task's whole group is for the server.
UniqueFd TakeSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  sigset_t blocked = set;
  // PIPE: a command may read less than it is sent.
  for (const int signal : {SIGUSR1, SIGUSR2, SIGQUIT, SIGALRM, SIGTSTP, SIGPIPE}) sigaddset(&blocked, signal);
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
