#include "worker/spawner/launcher.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "worker/spawner/child.h"
#include "worker/spawner/files.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/witness.h"

namespace bsub::spawner {
namespace {

// One byte that says nothing, and with it the socket.
bool SendSocket(int to, int socket) {
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof socket)> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof socket);
  std::memcpy(CMSG_DATA(header), &socket, sizeof socket);
  ssize_t put;
  do {
    put = sendmsg(to, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (put < 0 && errno == EINTR);
  return put == 1;
}

// Not valid once the spawner is gone.
worker::UniqueFd ReceiveSocket(int from) {
  char byte = 0;
  iovec part{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got;
  do {
    got = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  const cmsghdr* const header = got == 1 ? CMSG_FIRSTHDR(&message) : nullptr;
  int socket = -1;
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS)
    std::memcpy(&socket, CMSG_DATA(header), sizeof socket);
  return worker::UniqueFd(socket);
}

// A pid, or minus the errno of why there is none.
using Answer = std::int32_t;

[[noreturn]] void Serve(int requests, const WitnessDuty& duty, int state_dir) {
  for (;;) {
    const worker::UniqueFd socket = ReceiveSocket(requests);
    if (!socket.valid()) _exit(0);
    // The witness is the spawner's child, not ours. It has this process's memory as it is now: no thread, and
    // no lock that is held.
    const long witness = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (witness == 0) RunWitness(duty, state_dir, socket.get());
    const Answer answer = witness < 0 ? -errno : static_cast<Answer>(witness);
    [[maybe_unused]] const ssize_t sent = send(requests, &answer, sizeof answer, MSG_NOSIGNAL);
  }
}

}  // namespace

Status Launcher::Start() {
  if (pid_ != 0) return OkStatus();
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return ResourceExhausted(ErrnoText("the node cannot make a socket pair"));
  socket_.Reset(ends[0]);
  const worker::UniqueFd theirs(ends[1]);
  const pid_t spawner = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a frozen one would see no closed socket
    if (getppid() != spawner) _exit(0);
    prctl(PR_SET_NAME, "bsub-launcher");
    // The first four as TidyDescriptors (main.cc) left them.
    CloseAllBut({0, 1, 2, kReportFd, theirs.get(), state_dir_, duties_.spawner, duties_.slots,
                 duties_.lease->alarm()});
    Serve(theirs.get(), duties_, state_dir_);
  }
  if (pid_ > 0) return OkStatus();
  pid_ = 0;
  return ResourceExhausted(ErrnoText("the node cannot fork"));
}

void Launcher::OnReaped() {
  LogLine("event=launcher-lost pid=" + std::to_string(pid_) + " note=\"the next witness makes another\"");
  pid_ = 0;
  given_up_ = false;
  socket_.Reset();
}

// It may have taken the request, so its answer would be taken for the next one's.
Error Launcher::GiveUp(const std::string& reason) {
  LogLine("event=launcher-killed pid=" + std::to_string(pid_) + " reason=\"" + reason + "\"");
  kill(pid_, SIGKILL);
  given_up_ = true;
  return Unavailable(reason);
}

Result<pid_t> Launcher::MakeWitness(worker::UniqueFd theirs) {
  // So at most one request waits in each turn of the event loop, however many there are.
  if (given_up_) return Unavailable("the node's launcher did nothing, was killed and is not gone yet");
  BSUB_RETURN_IF_ERROR(Start());
  const std::int64_t until_us = BootTimeUs() + patience_us_;
  if (!SendSocket(socket_.get(), theirs.get()))
    return GiveUp(ErrnoText("the node's launcher takes no request"));
  theirs.Reset();  // so that its end is seen once the witness is gone
  if (!PollUntil(socket_.get(), POLLIN, until_us))
    return GiveUp("the node's launcher has made no process in its time (--launcher-patience)");
  Answer answer = 0;
  if (recv(socket_.get(), &answer, sizeof answer, MSG_WAITALL) != sizeof answer)
    return GiveUp("the node's launcher is dead");
  if (answer > 0) return answer;
  errno = -answer;
  return ResourceExhausted(ErrnoText("the node cannot fork the witness of a task"));
}

}  // namespace bsub::spawner
