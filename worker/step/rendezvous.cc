#include "worker/step/rendezvous.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "common/hash.h"
#include "worker/launch/launch_proof.h"
#include "worker/step/handshake.h"

namespace bsub::step {
namespace {

constexpr std::size_t kTagBytes = 32;
constexpr std::size_t kPorts = 8;  // that are tried, of each address
// Below the kernel's own choice for connections (32768), above the services'.
constexpr std::uint32_t kFirstPort = 20'000;
constexpr std::uint32_t kLastPort = 32'000;
// For one port: where packets are dropped it would else be all the time there is. Two of TCP's repetitions.
constexpr std::chrono::seconds kConnectTime(4);
constexpr std::chrono::milliseconds kRetryFirst(1);
constexpr std::chrono::milliseconds kRetryLongest(50);
// A node that vanished, or what lies between, ends a connection on which nothing is on its way after a minute
// and a half: in seconds until the first question, between questions, and questions without an answer. For
// what was sent the kernel would ask for a quarter of an hour (tcp_retries2): HasVanished() looks. Not
// TCP_USER_TIMEOUT: it also counts the time in which the peer answers and takes nothing, and an agent whose
// output nobody reads takes nothing.
constexpr int kIdleSeconds = 30;
constexpr int kAskEverySeconds = 10;
constexpr int kAskTimes = 6;
constexpr std::uint32_t kSilenceMs = 1000 * (kIdleSeconds + kAskEverySeconds * kAskTimes);
// Questions whether a peer that took nothing takes something again, of which more are not answered. One is on
// its way now and then; the kernel asks less and less often, at last every two minutes.
constexpr std::uint8_t kQuestionsOnTheirWay = 2;

std::string Sign(const Gang& gang, const std::string& text) {
  const auto key = worker::LaunchKey::FromText(gang.secret);
  return key ? key->Sign(text) : std::string();
}

Place UnixPlace(const std::string& tag) {
  Place place;
  auto& address = reinterpret_cast<sockaddr_un&>(place.address);
  address.sun_family = AF_UNIX;
  const std::string name =
      "bsub-lite-step-" + ToHex({reinterpret_cast<const std::uint8_t*>(tag.data()), kTagBytes / 2});
  std::copy(name.begin(), name.end(), address.sun_path + 1);  // a leading NUL: no file, gone with its owner
  place.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  place.text = "@" + name;
  return place;
}

std::uint16_t PortFrom(const std::string& tag, std::size_t i) {
  const auto high = static_cast<std::uint8_t>(tag[2 * i]);
  const auto low = static_cast<std::uint8_t>(tag[2 * i + 1]);
  return static_cast<std::uint16_t>(kFirstPort + (256u * high + low) % (kLastPort - kFirstPort));
}

Place TcpPlace(const addrinfo& found, std::uint16_t port, const std::string& host) {
  Place place;
  std::memcpy(&place.address, found.ai_addr, found.ai_addrlen);
  place.size = found.ai_addrlen;
  if (found.ai_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(place.address).sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(place.address).sin_port = htons(port);
  }
  place.text = host + ":" + std::to_string(port);
  return place;
}

bool IsLoopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

std::string ErrnoText(const std::string& what) { return what + ": " + std::strerror(errno); }

void SetOption(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

// Whether there is a connection now; else `error` says why not.
bool Reach(int fd, const Place& place, const Patience& patience, int& error) {
  if (connect(fd, reinterpret_cast<const sockaddr*>(&place.address), place.size) == 0) return true;
  error = errno;
  if (error != EINPROGRESS) return false;
  error = ETIMEDOUT;
  if (!WaitFor(fd, POLLOUT, patience.AtMost(kConnectTime))) return false;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

// One round over all places; invalid: nobody of ours is there yet.
UniqueFd TryPlaces(const Gang& gang, std::uint32_t index, const std::vector<Place>& places,
                   const Patience& patience, int& error) {
  for (const Place& place : places) {
    UniqueFd fd(socket(place.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd.valid()) continue;
    if (Reach(fd.get(), place, patience, error)) {
      WatchConnection(fd.get());
      if (Introduce(gang, index, fd.get(), patience)) return fd;
      error = EPERM;
    }
    if (patience.stopped()) break;
  }
  return UniqueFd();
}

// What may be in the way, too.
std::string WhereSought(const GangNode& node, const std::vector<Place>& places) {
  if (places.front().address.ss_family == AF_UNIX) return "node " + node.name + " (" + node.address + ")";
  return "node " + node.name + " (" + node.address + ", TCP ports " + std::to_string(kFirstPort) + " to " +
         std::to_string(kLastPort - 1) + ", which a firewall between the nodes must let pass)";
}

}  // namespace

Result<std::vector<Place>> PlacesOf(const Gang& gang, std::uint32_t index) {
  const std::string& host = gang.nodes[index].address;
  const std::string tag = Sign(gang, "step place " + std::to_string(index));
  if (tag.size() != kTagBytes) return InvalidArgument("BSUB_GANG_SECRET: expected 64 hexadecimal digits");
  if (IsLoopback(host)) return std::vector<Place>{UnixPlace(tag)};
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = getaddrinfo(host.c_str(), nullptr, &hints, &found); failed != 0) {
    return NotFound("the address '" + host + "' of node " + gang.nodes[index].name +
                    " does not resolve: " + gai_strerror(failed) +
                    "; give the node's agent an address that other nodes can reach (--address)");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, freeaddrinfo);
  std::vector<Place> places;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    for (std::size_t i = 0; i < kPorts; ++i) places.push_back(TcpPlace(*each, PortFrom(tag, i), host));
  }
  return places;
}

Result<UniqueFd> Listen(const Gang& gang) {
  BSUB_ASSIGN_OR_RETURN(const std::vector<Place> places, PlacesOf(gang, gang.index));
  std::string last;
  for (const Place& place : places) {
    UniqueFd fd(socket(place.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    if (place.address.ss_family != AF_UNIX) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const auto* address = reinterpret_cast<const sockaddr*>(&place.address);
    if (fd.valid() && bind(fd.get(), address, place.size) == 0 && listen(fd.get(), SOMAXCONN) == 0) return fd;
    last = ErrnoText("cannot listen at " + place.text);
  }
  return Unavailable(last + "; the other nodes of the job reach this one there");
}

void WatchConnection(int fd) {
  SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, kIdleSeconds);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, kAskEverySeconds);
  SetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, kAskTimes);
}

bool TellsOfVanished(const tcp_info& info) {
  const bool in_vain = info.tcpi_retransmits > 0 || info.tcpi_probes > kQuestionsOnTheirWay;
  return in_vain && info.tcpi_last_ack_recv >= kSilenceMs;
}

bool HasVanished(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && TellsOfVanished(info);
}

Result<UniqueFd> Connect(const Gang& gang, std::uint32_t index, const Patience& patience) {
  BSUB_ASSIGN_OR_RETURN(const std::vector<Place> places, PlacesOf(gang, index));
  std::chrono::milliseconds pause = kRetryFirst;
  for (;;) {
    int error = ECONNREFUSED;
    if (UniqueFd fd = TryPlaces(gang, index, places, patience, error); fd.valid()) return fd;
    if (patience.stopped()) return Error{Code::kAborted, "who asked for the connection is gone"};
    if (patience.left() == std::chrono::milliseconds(0)) {
      return Unavailable(WhereSought(gang.nodes[index], places) +
                         " does not answer: " + std::strerror(error));
    }
    static_cast<void>(WaitFor(-1, 0, patience.AtMost(pause)));
    pause = std::min(pause * 2, kRetryLongest);
  }
}

}  // namespace bsub::step
