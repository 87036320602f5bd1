// The TCP port: only with tokens, and with TLS if there is a certificate.
#pragma once

#include <grpcpp/server_builder.h>

#include <memory>
#include <string>

#include "common/result.h"

namespace bsub::rpc {

struct TcpSettings {
  std::string address;               // host:port; port 0: any free one
  std::string token_file;            // see tokens.h
  std::string tls_certificate_file;  // PEM; both or neither
  std::string tls_key_file;
};

struct TcpServer {
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

// Listens and starts `builder`, which already has the services. The message for a port that is taken names
// it.
Result<TcpServer> StartTcp(grpc::ServerBuilder& builder, const TcpSettings& settings);

// "host:port" split and checked. "[::1]:7077" is understood.
struct HostPort {
  std::string host;
  int port = 0;
};
Result<HostPort> ParseHostPort(const std::string& address);

}  // namespace bsub::rpc
