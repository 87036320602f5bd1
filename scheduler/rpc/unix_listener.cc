#include "scheduler/rpc/unix_listener.h"

#include <fcntl.h>
#include <grpcpp/server_posix.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

#include "common/check.h"
#include "scheduler/rpc/identity.h"

namespace bsub::rpc {
namespace {

constexpr int kBacklog = 1024;
constexpr std::chrono::milliseconds kPauseWithoutDescriptors{50};

// Kept for the journal, the history, the spool and gRPC's own.
constexpr std::size_t kReservedDescriptors = 256;

ConnectionLimits Limits(const UnixListenerSettings& settings) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  return FitToDescriptors(settings.max_connections_per_user, files.rlim_cur, kReservedDescriptors);
}

// The nodes' agents and whoever has to put things right.
bool IsOwn(uid_t uid) { return uid == 0 || uid == geteuid(); }

Error Failed(const std::string& path, const std::string& what) {
  return Unavailable("cannot listen on " + path + ": " + what + ": " + std::strerror(errno));
}

struct Descriptor {
  explicit Descriptor(int descriptor) : fd(descriptor) {}
  ~Descriptor() {
    if (fd >= 0) close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

// Socket addresses hold 107 bytes of path; through a descriptor of the directory any path fits.
Result<sockaddr_un> AddressIn(int directory, const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string short_path =
      "/proc/self/fd/" + std::to_string(directory) + "/" + std::filesystem::path(path).filename().string();
  if (short_path.size() >= sizeof address.sun_path) {
    return InvalidArgument("cannot listen on " + path + ": the socket's name is too long");
  }
  std::memcpy(address.sun_path, short_path.c_str(), short_path.size() + 1);
  return address;
}

// Removes what a killed scheduler left behind, and nothing else.
Status RemoveLeftover(const std::string& path, const sockaddr_un& address) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return OkStatus();
  if (!S_ISSOCK(info.st_mode)) {
    return FailedPrecondition("cannot listen on " + path +
                              ": something that is not a socket is there; move it away");
  }
  const Descriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (connect(probe.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    ucred peer{};
    socklen_t size = sizeof peer;
    getsockopt(probe.fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    return FailedPrecondition("cannot listen on " + path + ": process " + std::to_string(peer.pid) +
                              " listens there; stop it first, or use another directory");
  }
  // Any other reason (a full backlog, no permission) leaves it open whether somebody listens.
  if (errno != ECONNREFUSED) return Failed(path, "somebody may listen there");
  unlink(path.c_str());
  return OkStatus();
}

Result<int> BindSocket(const std::string& path) {
  const std::filesystem::path file(path);
  const Descriptor directory(open(file.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (directory.fd < 0) return Failed(path, "its directory");
  BSUB_ASSIGN_OR_RETURN(const sockaddr_un address, AddressIn(directory.fd, path));
  BSUB_RETURN_IF_ERROR(RemoveLeftover(path, address));
  Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (listener.fd < 0) return Failed(path, "socket");
  if (bind(listener.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Failed(path, "bind");
  return std::exchange(listener.fd, -1);
}

Result<Principal> PeerOf(int connection) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return Internal(std::string("SO_PEERCRED: ") + std::strerror(errno));
  }
  std::vector<std::uint32_t> groups(64);
  for (;;) {
    size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (getsockopt(connection, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) break;
    if (errno != ERANGE) return Internal(std::string("SO_PEERGROUPS: ") + std::strerror(errno));
    groups.resize(size / sizeof(gid_t));
  }
  groups.resize(size / sizeof(gid_t));
  return LocalPrincipal(peer.uid, peer.gid, std::move(groups));
}

}  // namespace

Result<std::unique_ptr<UnixListener>> UnixListener::Start(UnixListenerSettings settings,
                                                          ServerFactory factory) {
  BSUB_ASSIGN_OR_RETURN(const int listener, BindSocket(settings.path));
  // Before listen(): nobody can connect while the mode is still what the umask made it.
  if (chmod(settings.path.c_str(), settings.mode) != 0 || listen(listener, kBacklog) != 0) {
    const Error error = Failed(settings.path, "listen");
    close(listener);
    return error;
  }
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  BSUB_CHECK(wake >= 0) << std::strerror(errno);
  return std::unique_ptr<UnixListener>(
      new UnixListener(std::move(settings), std::move(factory), listener, wake));
}

UnixListener::UnixListener(UnixListenerSettings settings, ServerFactory factory, int listener, int wake)
    : settings_(std::move(settings)),
      factory_(std::move(factory)),
      listener_(listener),
      wake_(wake),
      quota_(Limits(settings_)) {
  thread_ = std::thread([this] { Run(); });
}

UnixListener::~UnixListener() {
  ShutDown(std::chrono::system_clock::now());
  close(wake_);
}

void UnixListener::StopAccepting() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  BSUB_CHECK(write(wake_, &one, sizeof one) == sizeof one);
  thread_.join();
  close(listener_);
  unlink(settings_.path.c_str());
}

void UnixListener::ShutDown(std::chrono::system_clock::time_point deadline) {
  StopAccepting();
  for (auto& [who, entry] : servers_) entry.server.server->Shutdown(deadline);
  servers_.clear();
}

void UnixListener::Run() {
  std::array<pollfd, 2> waited{
      {{.fd = listener_, .events = POLLIN, .revents = 0}, {.fd = wake_, .events = POLLIN, .revents = 0}}};
  for (;;) {
    if (poll(waited.data(), waited.size(), -1) < 0) continue;
    if (waited[1].revents != 0) return;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connection >= 0) {
      Serve(connection);
    } else if (errno == EMFILE || errno == ENFILE) {
      // The connection stays in the backlog; do not spin until descriptors are free again.
      poll(&waited[1], 1, static_cast<int>(kPauseWithoutDescriptors.count()));
    }
  }
}

void UnixListener::Serve(int connection) {
  const auto who = PeerOf(connection);
  if (!who || (!IsOwn(who->uid) && !quota_.Admit(who->uid))) {
    close(connection);
    return;
  }
  grpc::AddInsecureChannelFromFd(ServerFor(*who).server.get(), connection);
}

void UnixListener::MakeRoom() {
  auto victim = servers_.end();
  for (auto it = servers_.begin(); it != servers_.end(); ++it) {
    // The cluster's own user and root run the nodes' agents, whose one connection may be old and must not be
    // cut.
    if (IsOwn(it->first.uid)) continue;
    if (victim == servers_.end() || it->second.last_used < victim->second.last_used) victim = it;
  }
  if (victim == servers_.end()) return;
  victim->second.server.server->Shutdown(std::chrono::system_clock::now());
  servers_.erase(victim);
}

IdentityServer& UnixListener::ServerFor(const Principal& who) {
  auto it = servers_.find(who);
  if (it == servers_.end()) {
    if (servers_.size() >= settings_.max_identities) MakeRoom();
    it = servers_.emplace(who, Entry{factory_(who), 0}).first;
    BSUB_CHECK(it->second.server.server != nullptr) << "a gRPC server without a port did not start";
  }
  it->second.last_used = ++connections_;
  return it->second.server;
}

}  // namespace bsub::rpc
