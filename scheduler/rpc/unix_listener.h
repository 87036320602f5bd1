// The Unix socket, and who connects to it.
//
// gRPC does not tell a handler whose process a Unix socket's peer is, and a table from its "fd:7" to
// credentials could be wrong as soon as descriptor 7 is given out again. So connections are accepted here,
// the kernel is asked for the peer (SO_PEERCRED), and the descriptor goes to a grpc::Server that serves this
// one identity only: a call's identity is the server it arrived at, and nothing a client sends can change
// that. Servers are made on demand and cost no thread of their own; the one not connected to for the longest
// time makes room for a new identity.
#pragma once

#include <grpcpp/server.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/result.h"
#include "jobs/principal.h"
#include "scheduler/rpc/connection_quota.h"

namespace bsub::rpc {

// A server with the services of one identity; `alive` keeps them.
struct IdentityServer {
  std::shared_ptr<void> services;
  std::unique_ptr<grpc::Server> server;
};
using ServerFactory = std::function<IdentityServer(const Principal&)>;

struct UnixListenerSettings {
  std::string path;
  std::uint32_t mode = 0666;
  std::size_t max_identities = 256;
  std::size_t max_connections_per_user = 1000;  // root and the scheduler's own user may have more
};

class UnixListener {
 public:
  // Binds and listens. A socket file left by a dead scheduler is replaced: the caller holds the home's lock.
  static Result<std::unique_ptr<UnixListener>> Start(UnixListenerSettings settings, ServerFactory factory);
  ~UnixListener();

  // Accepts no more. Calls being answered go on.
  void StopAccepting();
  // Ends every call by `deadline` at the latest.
  void ShutDown(std::chrono::system_clock::time_point deadline);

 private:
  UnixListener(UnixListenerSettings settings, ServerFactory factory, int listener, int wake);
  void Run();
  void Serve(int connection);
  void MakeRoom();
  IdentityServer& ServerFor(const Principal& who);

  struct Entry {
    IdentityServer server;
    std::uint64_t last_used = 0;  // count of connections
  };

  const UnixListenerSettings settings_;
  const ServerFactory factory_;
  const int listener_;
  const int wake_;  // eventfd
  ConnectionQuota quota_;
  std::uint64_t connections_ = 0;
  std::map<Principal, Entry> servers_;  // the accepting thread's; after StopAccepting the caller's
  std::thread thread_;
};

}  // namespace bsub::rpc
