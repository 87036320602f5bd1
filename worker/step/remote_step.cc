#include "worker/step/remote_step.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>

#include "worker/launch/wait_status.h"
#include "worker/step/note_socket.h"
#include "worker/step/patience.h"
#include "worker/step/processes.h"
#include "worker/step/rendezvous.h"
#include "worker/step/words.h"

namespace bsub::step {
namespace {

constexpr std::size_t kMostWaitingInput = std::size_t{1} << 20;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Pipe MakePipe() {
  int ends[2] = {-1, -1};
  if (pipe2(ends, O_CLOEXEC) != 0) _exit(kCannotServe);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Open MPI's daemon makes its session directory where TMPDIR says: there it goes with the attempt, also if
// the daemon is killed. Its ranks have the user's TMPDIR (rank.cc).
void MoveTemporaryFiles(const std::string& scratch) {
  const char* users = std::getenv("TMPDIR");
  setenv(kUsersTmpdirName, users == nullptr ? "" : users, 1);
  setenv("TMPDIR", scratch.c_str(), 1);
}

class RemoteStep {
 public:
  RemoteStep(std::string scratch, UniqueFd connection, UniqueFd notes, std::string notes_name)
      : scratch_(std::move(scratch)),
        connection_(std::move(connection)),
        notes_(std::move(notes)),
        notes_name_(std::move(notes_name)) {
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    signals_.Reset(signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK));
  }

  void Run() {
    while (!lost_ && !ended_) Turn();
    KillAllChildren();
    if (lost_) return;
    Drain();
    words_out_.Add(WordKind::kEnded, std::to_string(worker::ShellStatus(*ended_)));
    while (!lost_ && !words_out_.empty()) SendWhenPossible();
    if (!lost_) HangUp();
  }

 private:
  void Turn() {
    const int hears = input_.size() < kMostWaitingInput ? POLLIN : POLLRDHUP;
    const int sends = words_out_.empty() ? 0 : POLLOUT;
    const bool full = words_out_.full();
    std::array<pollfd, 6> polled = {{{connection_.get(), static_cast<short>(hears | sends), 0},
                                     {signals_.get(), POLLIN, 0},
                                     {full ? -1 : out_.get(), POLLIN, 0},
                                     {full ? -1 : err_.get(), POLLIN, 0},
                                     {noting_.valid() ? -1 : notes_.get(), POLLIN, 0},  // one at a time
                                     {input_.empty() ? -1 : in_.get(), POLLOUT, 0}}};
    if (poll(polled.data(), polled.size(), looks_.Wait()) < 0) return;
    Look();
    if (polled[2].revents != 0) Forward(out_, WordKind::kOutput);
    if (polled[3].revents != 0) Forward(err_, WordKind::kErrors);
    if (polled[4].revents != 0) TakeNote();
    if (polled[5].revents != 0) FeedInput();
    if ((polled[0].revents & POLLOUT) != 0) Send();
    if ((polled[0].revents & ~POLLOUT) != 0) Hear();
    if (polled[1].revents != 0) Reap();
  }

  void Send() { lost_ |= !words_out_.Flush(connection_.get()); }

  void SendWhenPossible() {
    pollfd polled{connection_.get(), POLLOUT, 0};
    if (poll(&polled, 1, looks_.Wait()) > 0) Send();
    Look();
  }

  void Look() { lost_ |= looks_.IsDue() && HasVanished(connection_.get()); }

  void Hear() {
    std::string bytes;
    if (!ReadSome(connection_.get(), bytes)) {
      lost_ = true;
      return;
    }
    words_.Append(bytes);
    while (std::optional<Word> word = words_.Next()) Obey(*word);
    lost_ |= words_.broken();
  }

  void Obey(Word& word) {
    if (word.kind == WordKind::kRun && pid_ == 0) {
      Start(word.bytes);
    } else if (word.kind == WordKind::kInput) {
      if (word.bytes.empty()) input_over_ = true;
      input_.append(word.bytes);
      FeedInput();
    } else if (word.kind == WordKind::kNoted) {
      noting_.Reset();  // its writer waits for that
    } else {
      lost_ = true;
    }
  }

  void Start(const std::string& command) {
    Pipe in = MakePipe();
    Pipe out = MakePipe();
    Pipe err = MakePipe();
    pid_ = fork();
    if (pid_ < 0) _exit(kCannotServe);
    if (pid_ == 0) {
      setpgid(0, 0);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(in.read.get(), STDIN_FILENO);
      dup2(out.write.get(), STDOUT_FILENO);
      dup2(err.write.get(), STDERR_FILENO);
      UnblockSignals();
      setenv(kNotesName, notes_name_.c_str(), 1);
      if (command.find("orted") != std::string::npos) MoveTemporaryFiles(scratch_);
      execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      _exit(kNotFound);
    }
    in_ = std::move(in.write);
    out_ = std::move(out.read);
    err_ = std::move(err.read);
    fcntl(in_.get(), F_SETFL, O_NONBLOCK);
  }

  void Forward(UniqueFd& from, WordKind kind) {
    std::string bytes;
    if (!ReadSome(from.get(), bytes)) return from.Reset();
    if (!bytes.empty()) words_out_.Add(kind, bytes);
  }

  void FeedInput() {
    if (!input_.empty() && in_.valid()) {
      const ssize_t n = write(in_.get(), input_.data(), input_.size());
      if (n < 0 && errno != EAGAIN && errno != EINTR) in_.Reset();  // it reads no more
      if (n > 0) input_.erase(0, static_cast<std::size_t>(n));
    }
    if (!in_.valid()) input_.clear();
    if (input_over_ && input_.empty()) in_.Reset();
  }

  void TakeNote() {
    UniqueFd writer = AcceptNote(notes_.get());
    if (!writer.valid()) return;
    const std::string note = ReadNote(writer.get());
    if (note.empty()) return;
    noting_ = std::move(writer);
    words_out_.Add(WordKind::kNote, note);
  }

  void Reap() {
    std::array<signalfd_siginfo, 8> ignored;
    while (read(signals_.get(), ignored.data(), sizeof ignored) > 0) {
    }
    int status = 0;
    for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
      if (pid == pid_) ended_ = status;
    }
  }

  // What the command wrote before it ended, at most what its pipes hold: all who could write more are dead.
  void Drain() {
    for (auto [fd, kind] : {std::pair{&out_, WordKind::kOutput}, std::pair{&err_, WordKind::kErrors}}) {
      if (!fd->valid()) continue;
      fcntl(fd->get(), F_SETFL, O_NONBLOCK);
      for (pollfd each{fd->get(), POLLIN, 0}; fd->valid() && poll(&each, 1, 0) > 0;) Forward(*fd, kind);
    }
  }

  // A connection that is closed with input unread is reset, and what is still on its way with it: so the
  // other side goes first, once it has all.
  void HangUp() {
    shutdown(connection_.get(), SHUT_WR);
    for (bool there = true; there;) {
      std::string unread;
      pollfd polled{connection_.get(), POLLIN, 0};
      if (poll(&polled, 1, looks_.Wait()) > 0) there = ReadSome(connection_.get(), unread);
      if (looks_.IsDue() && HasVanished(connection_.get())) there = false;
    }
  }

  std::string scratch_;
  UniqueFd connection_;
  Rounds looks_{kLookAtConnection};
  UniqueFd notes_;
  std::string notes_name_;
  UniqueFd signals_;
  UniqueFd in_, out_, err_;
  UniqueFd noting_;  // writer of the note that the main node has not confirmed yet
  WordReader words_;
  WordSender words_out_;
  std::string input_;
  bool input_over_ = false;
  pid_t pid_ = 0;
  std::optional<int> ended_;  // wait status
  bool lost_ = false;
};

}  // namespace

void ServeConnection(const Gang& gang, UniqueFd connection) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // with the server, that is with this node's part
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  std::string name;
  UniqueFd notes = ListenForNotes(name);
  RemoteStep(gang.scratch, std::move(connection), std::move(notes), std::move(name)).Run();
  _exit(0);
}

}  // namespace bsub::step
