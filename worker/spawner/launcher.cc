#include "worker/spawner/launcher.h"

#include <malloc.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "worker/spawner/files.h"
#include "worker/spawner/launch_bytes.h"
#include "worker/spawner/log_line.h"
#include "worker/spawner/witness.h"

namespace bsub::spawner {
namespace {

// An order goes as its length (8 bytes) and its bytes; the first of them carry the task's socket.
using Length = std::uint64_t;

// An order from this size on gets a mapping of its own, which is gone with it. Else the launcher would stay
// as large as its largest order ever, and each witness would copy the page tables of that. No setting: it
// only has to be above the usual order and below what a copy is felt of.
constexpr int kLargeOrderBytes = 1 << 20;

// Calls `send`, which does not block, until it has sent something, failed, or the time is over (ETIMEDOUT).
template <typename Send>
ssize_t SendUntil(int to, std::int64_t until_us, Send send) {
  for (;;) {
    const ssize_t put = send();
    if (put >= 0 || (errno != EAGAIN && errno != EINTR)) return put;
    if (errno == EINTR || PollUntil(to, POLLOUT, until_us)) continue;
    errno = ETIMEDOUT;
    return -1;
  }
}

bool SendWithSocket(int to, std::string_view bytes, int socket, std::int64_t until_us) {
  constexpr int kFlags = MSG_NOSIGNAL | MSG_DONTWAIT;
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
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
  ssize_t put = SendUntil(to, until_us, [&] { return sendmsg(to, &message, kFlags); });
  while (put > 0) {
    bytes.remove_prefix(static_cast<std::size_t>(put));
    if (bytes.empty()) return true;
    put = SendUntil(to, until_us, [&] { return send(to, bytes.data(), bytes.size(), kFlags); });
  }
  return false;
}

bool ReceiveAll(int from, char* to, std::size_t size) {
  while (size > 0) {
    const ssize_t got = recv(from, to, size, MSG_WAITALL);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

// The next order, into `bytes`, and the socket that came with it; not valid once the spawner is gone.
worker::UniqueFd NextOrder(int from, std::string& bytes) {
  Length length = 0;
  iovec part{&length, sizeof length};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got;
  do {
    got = recvmsg(from, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
  } while (got < 0 && errno == EINTR);
  const cmsghdr* const header = got == sizeof length ? CMSG_FIRSTHDR(&message) : nullptr;
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return worker::UniqueFd();
  int socket = -1;
  std::memcpy(&socket, CMSG_DATA(header), sizeof socket);
  worker::UniqueFd held(socket);
  bytes.resize(length);
  if (!ReceiveAll(from, bytes.data(), bytes.size())) return worker::UniqueFd();
  return held;
}

[[noreturn]] void Serve(int orders, WitnessDuty duty) {
  mallopt(M_MMAP_THRESHOLD, kLargeOrderBytes);  // which keeps it from growing, too
  for (;;) {
    std::string bytes;
    const worker::UniqueFd socket = NextOrder(orders, bytes);
    if (!socket.valid()) _exit(0);
    // The witness is the spawner's child, not ours. It has this process's memory as it is now: no thread, and
    // no lock that is held.
    const long witness = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (witness == 0) {  // takes the order apart itself: each page that is written here is copied for it
      close(orders);     // an order to a launcher that is dead must not wait here, with its socket
      auto order = DecodeOrder(bytes);
      if (!order) _exit(1);
      duty.key = order->key;
      duty.mark = std::move(order->mark);
      duty.exit_slot = order->exit_slot;
      RunWitness(order->plan, duty, socket.get());
    }
    if (witness < 0) TellStarted(socket.get(), {-1, -errno});
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
    CloseAllBut(
        {0, 1, 2, 3, theirs.get(), state_dir_, duties_.spawner, duties_.exits, duties_.lease->alarm()});
    Serve(theirs.get(), duties_);
  }
  if (pid_ > 0) return OkStatus();
  pid_ = 0;
  return ResourceExhausted(ErrnoText("the node cannot fork"));
}

void Launcher::OnReaped() {
  LogLine("event=launcher-lost pid=" + std::to_string(pid_) + " note=\"the next launch makes another\"");
  pid_ = 0;
  given_up_ = false;
  socket_.Reset();
}

// It may have taken half an order, so it is of no use any more even if it wakes up.
void Launcher::GiveUp(const std::string& reason) {
  LogLine("event=launcher-killed pid=" + std::to_string(pid_) + " reason=\"" + reason + "\"");
  kill(pid_, SIGKILL);
  given_up_ = true;
}

Result<StartedChild> Launcher::Launch(const ChildPlan& plan, const worker::AttemptKey& key,
                                      std::string_view mark, std::uint32_t exit_slot, int ours,
                                      worker::UniqueFd childs) {
  // So at most one launch waits in each turn of the event loop, however many there are.
  if (given_up_) return Unavailable("the node's launcher did nothing, was killed and is not gone yet");
  BSUB_RETURN_IF_ERROR(Start());
  const std::int64_t until_us = BootTimeUs() + patience_us_;
  const std::string order = EncodeOrder(plan, key, mark, exit_slot);
  const Length length = order.size();
  const std::string bytes = std::string(reinterpret_cast<const char*>(&length), sizeof length) + order;
  if (!SendWithSocket(socket_.get(), bytes, childs.get(), until_us)) {
    const std::string reason = ErrnoText("the node's launcher takes no order");
    shutdown(ours, SHUT_RDWR);
    GiveUp(reason);
    return Unavailable(reason);
  }
  childs.Reset();  // so that the word is known to be missing once nobody is left who could say it
  Result<StartedChild> started = AwaitStarted(ours, until_us);
  if (started) return started;
  // There may be a witness nevertheless, or will be. Its main process ends instead of executing, even if
  // somebody has a copy of our end.
  shutdown(ours, SHUT_RDWR);
  if (started.error().code != Code::kDeadlineExceeded) return started;
  GiveUp(started.error().message);
  return Unavailable(started.error().message);
}

}  // namespace bsub::spawner
