#include "worker/spawner/agent_link.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/utf8.h"
#include "worker/spawner/files.h"
#include "worker/spawner/log_line.h"

namespace bsub::spawner {
namespace {

constexpr int kBacklog = 8;
constexpr std::size_t kReadBytes = 256u << 10;  // per turn of the loop, so that a busy agent starves nobody

// Through the directory's descriptor: a socket's path may have 107 characters only.
sockaddr_un AddressIn(int directory) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(directory) + "/spawner.sock";
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

}  // namespace

Result<AgentLink> AgentLink::Listen(const StateDir& dir, AgentLinkSettings settings, Poller& poller) {
  UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.valid()) return Unavailable(ErrnoText("cannot make a socket"));
  const std::string path = dir.path() + "/spawner.sock";
  unlinkat(dir.fd(), "spawner.sock", 0);
  const sockaddr_un address = AddressIn(dir.fd());
  const mode_t before = umask(0177);
  const int bound = bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(before);
  if (bound != 0) return Unavailable(ErrnoText("cannot bind", path));
  if (settings.agent_uid &&
      fchownat(dir.fd(), "spawner.sock", *settings.agent_uid, static_cast<gid_t>(-1), 0) != 0) {
    return Unavailable(ErrnoText("cannot give the agent's user the socket", path));
  }
  if (listen(listener.get(), kBacklog) != 0) return Unavailable(ErrnoText("cannot listen on", path));
  BSUB_RETURN_IF_ERROR(poller.Add(listener.get()));
  return AgentLink(std::move(listener), settings, poller);
}

void AgentLink::OnReady(const Ready& ready, const OnMessage& on_message) {
  if (ready.fd == listener_.get()) return Accept(on_message);
  if (ready.writable) Flush();
  if (ready.readable && connection_.valid()) Read(on_message);
}

void AgentLink::Accept(const OnMessage& on_message) {
  UniqueFd fresh(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fresh.valid()) return;
  ucred peer{};
  socklen_t size = sizeof peer;
  getsockopt(fresh.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
  if (peer.uid != geteuid() && peer.uid != 0 && peer.uid != settings_.agent_uid) {
    LogLine("event=agent-refused uid=" + std::to_string(peer.uid) + " pid=" + std::to_string(peer.pid));
    return;
  }
  if (connection_.valid()) Read(on_message);  // what its predecessor said before still counts
  Close("replaced by a newer connection");
  connection_ = std::move(fresh);
  reader_ = worker::FrameReader(settings_.max_frame_bytes);
  if (!poller_->Add(connection_.get())) connection_.Reset();
  LogLine("event=agent-connected pid=" + std::to_string(peer.pid) + " uid=" + std::to_string(peer.uid));
}

void AgentLink::Read(const OnMessage& on_message) {
  std::array<char, 65536> chunk;
  std::size_t total = 0;
  while (total < kReadBytes) {
    const ssize_t got = recv(connection_.get(), chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (got <= 0) {
      HandOut(on_message);  // what it said before it left still counts
      return Close(got == 0 ? "agent closed the connection" : ErrnoText("recv"));
    }
    reader_.Append({chunk.data(), static_cast<std::size_t>(got)});
    total += static_cast<std::size_t>(got);
    if (static_cast<std::size_t>(got) < chunk.size()) break;
  }
  HandOut(on_message);
}

void AgentLink::HandOut(const OnMessage& on_message) {
  v1::spawner::ToSpawner message;
  while (connection_.valid()) {
    const auto payload = reader_.Next();
    if (!payload) return Refuse(payload.error().message);
    if (!*payload) return;
    if (!message.ParseFromArray((*payload)->data(), static_cast<int>((*payload)->size()))) {
      return Refuse("a frame cannot be decoded");
    }
    if (!greeted_ && !message.has_hello()) return Refuse("the first frame must be AgentHello");
    on_message(message);
  }
}

void AgentLink::Greet(const v1::spawner::FromSpawner& hello) {
  greeted_ = true;
  Send(hello);
}

void AgentLink::Send(const v1::spawner::FromSpawner& message) {
  if (greeted_) worker::AppendMessageFrame(outgoing_, message);
}

void AgentLink::Flush() {
  while (connection_.valid() && sent_ < outgoing_.size()) {
    const ssize_t put =
        send(connection_.get(), outgoing_.data() + sent_, outgoing_.size() - sent_, MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (put < 0) return Close(ErrnoText("send"));
    sent_ += static_cast<std::size_t>(put);
  }
  if (sent_ == outgoing_.size()) outgoing_.clear(), sent_ = 0;
  const bool more = connection_.valid() && !outgoing_.empty();
  if (more != watching_writes_ && connection_.valid()) poller_->WatchWrites(connection_.get(), more);
  watching_writes_ = more;
}

void AgentLink::Refuse(const std::string& reason) {
  LogLine("event=agent-refused reason=\"" + reason + "\"");
  v1::spawner::FromSpawner message;
  message.mutable_refusal()->set_reason(ToUtf8(reason));
  greeted_ = true;
  Send(message);
  Flush();
  Close("refused");
}

void AgentLink::Close(const std::string& why) {
  if (connection_.valid()) {
    LogLine("event=agent-disconnected reason=\"" + why + "\"");
    poller_->Remove(connection_.get());
  }
  connection_.Reset();
  outgoing_.clear();
  sent_ = 0;
  greeted_ = false;
  watching_writes_ = false;
}

}  // namespace bsub::spawner
