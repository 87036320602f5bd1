#include "worker/daemon/own_address.h"

#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <memory>

#include "worker/launch/unique_fd.h"

namespace bsub::worker {
namespace {

// A datagram socket is "connected" without a word: the kernel only looks up the way.
std::string LocalEnd(const addrinfo& remote) {
  const UniqueFd fd(socket(remote.ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0 || connect(fd.get(), remote.ai_addr, remote.ai_addrlen) != 0) return "";
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  auto* const address = reinterpret_cast<sockaddr*>(&local);
  if (getsockname(fd.get(), address, &size) != 0) return "";
  std::array<char, NI_MAXHOST> text{};
  if (getnameinfo(address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0) return "";
  return text.data();
}

}  // namespace

std::string AddressTowards(const std::string& target) {
  if (target.starts_with("unix:")) return "127.0.0.1";
  const std::size_t colon = target.rfind(':');
  if (colon == std::string::npos) return "";
  std::string host = target.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), target.substr(colon + 1).c_str(), &hints, &found) != 0) return "";
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, freeaddrinfo);
  for (const addrinfo* remote = found; remote != nullptr; remote = remote->ai_next) {
    std::string local = LocalEnd(*remote);
    if (!local.empty()) return local;
  }
  return "";
}

}  // namespace bsub::worker
