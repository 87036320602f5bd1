#include "scheduler/rpc/tcp_listener.h"

#include <grpcpp/security/server_credentials.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "jobs/units.h"

namespace bsub::rpc {
namespace {

constexpr std::int64_t kLargestPort = 65535;

Result<std::string> ReadFile(const std::string& what, const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) return InvalidArgument(what + " " + path + ": cannot be read or is empty");
  return text.str();
}

Result<std::shared_ptr<grpc::ServerCredentials>> Credentials(const TcpSettings& settings) {
  if (settings.tls_certificate_file.empty() != settings.tls_key_file.empty()) {
    return InvalidArgument("TLS needs both a certificate and a key; give --tls-cert and --tls-key");
  }
  if (settings.tls_key_file.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  BSUB_ASSIGN_OR_RETURN(std::string key, ReadFile("TLS key", settings.tls_key_file));
  BSUB_ASSIGN_OR_RETURN(std::string certificate, ReadFile("TLS certificate", settings.tls_certificate_file));
  options.pem_key_cert_pairs.push_back({std::move(key), std::move(certificate)});
  return grpc::SslServerCredentials(options);
}

// Why the address cannot be bound: gRPC says only that it cannot.
std::string WhyNot(const HostPort& where) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &hints, &found);
  if (failed != 0) return gai_strerror(failed);
  std::string reason = "unknown reason";
  const int fd = socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, found->ai_protocol);
  const int one = 1;
  if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, 1) != 0)
    reason = std::strerror(errno);
  if (fd >= 0) close(fd);
  freeaddrinfo(found);
  return reason;
}

}  // namespace

Result<HostPort> ParseHostPort(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return InvalidArgument("listen: '" + address + "' is not HOST:PORT, e.g. 127.0.0.1:7077");
  }
  const auto port = ParseInteger(address.substr(colon + 1), 0, kLargestPort);
  if (!port) return InvalidArgument("listen: '" + address + "': the port " + port.error().message);
  std::string host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return HostPort{std::move(host), static_cast<int>(*port)};
}

Result<TcpServer> StartTcp(grpc::ServerBuilder& builder, const TcpSettings& settings) {
  BSUB_ASSIGN_OR_RETURN(const HostPort where, ParseHostPort(settings.address));
  BSUB_ASSIGN_OR_RETURN(const auto credentials, Credentials(settings));
  TcpServer out;
  // Otherwise a second scheduler of this user could take half of the connections.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(settings.address, credentials, &out.port);
  out.server = builder.BuildAndStart();
  if (out.server && out.port != 0) return out;
  const bool tls = !settings.tls_key_file.empty();
  return Unavailable("cannot listen on " + settings.address + ": " + WhyNot(where) +
                     "; choose another port with --listen" +
                     (tls ? ", or check the TLS certificate and key" : ""));
}

}  // namespace bsub::rpc
