#include "worker/spawner/witness_pool.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "worker/spawner/files.h"
#include "worker/spawner/log_line.h"

namespace bsub::spawner {
namespace {

constexpr int kLetGo = -1;  // in place of a socket

}  // namespace

Result<int> WitnessPool::Give(const LaunchOrder& order) {
  const std::string bytes = EncodeOrder(order);
  while (!idle_.empty()) {
    const int socket = idle_.back();
    idle_.pop_back();
    Witness& witness = by_socket_.at(socket);
    witness.idle = false;
    if (TakeOrder(witness, bytes)) return witness.task = order.key, socket;
    if (errno == ETIMEDOUT) return Unavailable("a witness of the node's took no order, and was killed");
  }
  BSUB_ASSIGN_OR_RETURN(const int socket, MakeWitness());
  Witness& witness = by_socket_.at(socket);
  if (TakeOrder(witness, bytes)) return witness.task = order.key, socket;
  return Unavailable("a new witness of the node's took no order");
}

// With errno if not; it is gone then.
bool WitnessPool::TakeOrder(Witness& witness, std::string_view order) {
  const int socket = witness.socket.get();
  ++witness.tasks;
  witness.executed = false;
  if (SendOrder(socket, order, BootTimeUs() + settings_.patience_us)) return true;
  const int error = errno;
  Drop(socket);
  errno = error;
  return false;
}

Result<int> WitnessPool::MakeWitness() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return ResourceExhausted(ErrnoText("the node cannot make a socket pair"));
  }
  worker::UniqueFd ours(ends[0]);
  BSUB_ASSIGN_OR_RETURN(const pid_t pid, launcher_.MakeWitness(worker::UniqueFd(ends[1])));
  const int socket = ours.get();
  BSUB_RETURN_IF_ERROR(poller_->Add(socket));
  Witness& witness = by_socket_[socket];
  witness.pid = pid;
  witness.socket = std::move(ours);
  by_pid_[pid] = socket;
  return socket;
}

std::vector<Heard> WitnessPool::Hear(int socket) {
  std::vector<Heard> heard;
  const auto it = by_socket_.find(socket);
  if (it == by_socket_.end()) return heard;
  Witness& witness = it->second;
  bool gone = false;
  for (std::array<char, 4096> bytes; !gone;) {
    const ssize_t got = recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) break;
    gone = got <= 0;
    if (!gone) witness.words.Append({bytes.data(), static_cast<std::size_t>(got)});
    if (!gone && static_cast<std::size_t>(got) < bytes.size()) break;
  }
  if (!TakeWords(witness, heard)) gone = true;
  if (gone && witness.task && !AwaitDeath(witness)) return heard;  // its socket stays readable
  if (gone && witness.task) heard.push_back({*witness.task, std::nullopt});
  if (gone) {
    Drop(socket);
  } else if (!witness.task) {
    BecomeIdle(socket);
  }
  return heard;
}

// A process closes its files before it hands its children on, and only then can be told whose its main
// process is.
bool WitnessPool::AwaitDeath(const Witness& witness) const {
  if (by_pid_.count(witness.pid) == 0) return true;  // it is reaped
  kill(witness.pid, SIGKILL);
  const worker::UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, witness.pid, 0)));
  return process.valid() && PollUntil(process.get(), POLLIN, BootTimeUs() + settings_.patience_us);
}

bool WitnessPool::TakeWords(Witness& witness, std::vector<Heard>& heard) {
  for (;;) {
    auto word = witness.words.Next();
    if (!word) {
      LogLine("event=witness-killed pid=" + std::to_string(witness.pid) + " reason=\"" +
              word.error().message + "\"");
      return false;
    }
    if (!*word) return true;
    const bool last = (*word)->kind == WordKind::kEnded;
    if ((*word)->kind == WordKind::kExecutes) witness.executed = true;
    if (witness.task) heard.push_back({*witness.task, std::move(*word)});
    if (last) witness.task.reset();
  }
}

void WitnessPool::BecomeIdle(int socket) {
  Witness& witness = by_socket_.at(socket);
  if (witness.idle) return;
  // One whose main process did not execute goes by itself (witness.cc).
  const bool enough = witness.tasks >= settings_.max_tasks || idle_.size() >= settings_.max_idle;
  if (enough || !witness.executed) return LetGo(socket);
  witness.idle = true;
  idle_.push_back(socket);
}

// It ends by itself once its socket is closed.
void WitnessPool::LetGo(int socket) {
  const auto it = by_socket_.find(socket);
  std::erase(idle_, socket);
  poller_->Remove(socket);  // a main process may still hold a copy of the other end
  if (const auto known = by_pid_.find(it->second.pid); known != by_pid_.end()) known->second = kLetGo;
  by_socket_.erase(it);
}

void WitnessPool::Kill(int socket) {
  const pid_t pid = by_socket_.at(socket).pid;
  if (by_pid_.count(pid) != 0) kill(pid, SIGKILL);  // else it is reaped
}

void WitnessPool::Drop(int socket) {
  Kill(socket);
  LetGo(socket);
}

bool WitnessPool::OnReaped(pid_t pid) {
  if (launcher_.Is(pid)) return launcher_.OnReaped(), true;
  return by_pid_.erase(pid) != 0;
}

}  // namespace bsub::spawner
