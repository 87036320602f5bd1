#include "worker/step/rendezvous.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <thread>

#include "common/hash.h"
#include "worker/launch/launch_proof.h"

namespace bsub::step {
namespace {

constexpr std::size_t kNonceBytes = 32;
constexpr std::size_t kProofBytes = 32;
constexpr std::size_t kPorts = 8;  // that are tried, of each address
// Below the kernel's own choice for connections (32768), above the services'.
constexpr std::uint32_t kFirstPort = 20'000;
constexpr std::uint32_t kLastPort = 32'000;
constexpr int kHandshakeSeconds = 10;
constexpr std::chrono::milliseconds kRetryFirst(1);
constexpr std::chrono::milliseconds kRetryLongest(50);

std::string Sign(const Gang& gang, const std::string& text) {
  const auto key = worker::LaunchKey::FromText(gang.secret);
  return key ? key->Sign(text) : std::string();
}

Place UnixPlace(const std::string& tag) {
  Place place;
  auto& address = reinterpret_cast<sockaddr_un&>(place.address);
  address.sun_family = AF_UNIX;
  const std::string name =
      "bsub-lite-step-" + ToHex({reinterpret_cast<const std::uint8_t*>(tag.data()), kProofBytes / 2});
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

void LimitWaiting(int fd, int seconds) {
  const timeval limit{seconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool SendBytes(int fd, const std::string& bytes) {
  return send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

std::string ReceiveBytes(int fd, std::size_t count) {
  std::string bytes(count, '\0');
  std::size_t have = 0;
  while (have < count) {
    const ssize_t n = recv(fd, bytes.data() + have, count - have, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return {};
    have += static_cast<std::size_t>(n);
  }
  return bytes;
}

std::string Nonce() {
  std::string nonce(kNonceBytes, '\0');
  return getrandom(nonce.data(), nonce.size(), 0) == static_cast<ssize_t>(nonce.size()) ? nonce
                                                                                        : std::string();
}

// Both sides choose a number, so that nothing said in another connection is of use in this one.
std::string ProofOf(const Gang& gang, const char* side, std::uint32_t server, const std::string& servers,
                    const std::string& clients) {
  return Sign(gang, std::string("step ") + side + " " + std::to_string(server) + " " + servers + clients);
}

bool Matches(const Gang& gang, const char* side, std::uint32_t server, const std::string& servers,
             const std::string& clients, const std::string& proof) {
  const auto key = worker::LaunchKey::FromText(gang.secret);
  return key &&
         key->Verify(std::string("step ") + side + " " + std::to_string(server) + " " + servers + clients,
                     proof);
}

bool Introduce(const Gang& gang, std::uint32_t index, int connection) {
  LimitWaiting(connection, kHandshakeSeconds);
  const std::string theirs = ReceiveBytes(connection, kNonceBytes);
  const std::string ours = Nonce();
  if (theirs.empty() || ours.empty()) return false;
  if (!SendBytes(connection, ours + ProofOf(gang, "client", index, theirs, ours))) return false;
  const std::string proof = ReceiveBytes(connection, kProofBytes);
  if (proof.empty() || !Matches(gang, "server", index, theirs, ours, proof)) return false;
  LimitWaiting(connection, 0);
  return true;
}

void SendAtOnce(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);  // a node that vanished ends the connection
}

// One round over all places; invalid: nobody of ours is there yet.
UniqueFd TryPlaces(const Gang& gang, std::uint32_t index, const std::vector<Place>& places, int& error) {
  for (const Place& place : places) {
    UniqueFd fd(socket(place.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd.valid()) continue;
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&place.address), place.size) != 0) {
      error = errno;
      continue;
    }
    SendAtOnce(fd.get());
    if (Introduce(gang, index, fd.get())) return fd;
    error = EPERM;
  }
  return UniqueFd();
}

}  // namespace

Result<std::vector<Place>> PlacesOf(const Gang& gang, std::uint32_t index) {
  const std::string& host = gang.nodes[index].address;
  const std::string tag = Sign(gang, "step place " + std::to_string(index));
  if (tag.size() != kProofBytes) return InvalidArgument("BSUB_GANG_SECRET: expected 64 hexadecimal digits");
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

bool Admit(const Gang& gang, int connection) {
  SendAtOnce(connection);
  LimitWaiting(connection, kHandshakeSeconds);
  const std::string ours = Nonce();
  if (ours.empty() || !SendBytes(connection, ours)) return false;
  const std::string theirs = ReceiveBytes(connection, kNonceBytes);
  const std::string proof = ReceiveBytes(connection, kProofBytes);
  if (theirs.empty() || proof.empty()) return false;
  if (!Matches(gang, "client", gang.index, ours, theirs, proof)) return false;
  if (!SendBytes(connection, ProofOf(gang, "server", gang.index, ours, theirs))) return false;
  LimitWaiting(connection, 0);
  return true;
}

Result<UniqueFd> Connect(const Gang& gang, std::uint32_t index, std::chrono::milliseconds patience) {
  BSUB_ASSIGN_OR_RETURN(const std::vector<Place> places, PlacesOf(gang, index));
  const auto until = std::chrono::steady_clock::now() + patience;
  std::chrono::milliseconds pause = kRetryFirst;
  for (;;) {
    int error = ECONNREFUSED;
    if (UniqueFd fd = TryPlaces(gang, index, places, error); fd.valid()) return fd;
    if (std::chrono::steady_clock::now() >= until) {
      return Unavailable("node " + gang.nodes[index].name + " (" + gang.nodes[index].address +
                         ") does not answer: " + std::strerror(error));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kRetryLongest);
  }
}

}  // namespace bsub::step
