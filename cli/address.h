// Where the scheduler is, from the environment.
//
//   BSUB_LITE_HOME        directory of a cluster on this machine; default ~/.bsub-lite. Its scheduler listens
//   on
//                         HOME/run/scheduler.sock and knows who calls from the socket.
//   BSUB_LITE_SERVER      host:port of a cluster elsewhere; then also
//   BSUB_LITE_TOKEN_FILE  a file of mode 0600 or 0400 that holds the token, and
//   BSUB_LITE_PATIENCE    how long an unreachable scheduler is waited for; default 8s
//   BSUB_LITE_TLS_CA      certificate authority that the server is checked against; without it: no TLS.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "cli/context.h"
#include "cli/supervisor/unique_fd.h"
#include "common/result.h"

namespace bsub::cli {

// How long an unreachable or silent scheduler is waited for; scripts count on an answer in under 10 s.
inline constexpr std::chrono::milliseconds kPatience{8000};

struct Address {
  bool local = true;
  std::string home;         // local: absolute
  std::string socket_path;  // local
  std::string server;       // else: host:port
  std::string token;
  std::string tls_ca;  // PEM text; empty: plain
  std::chrono::milliseconds patience = kPatience;
  // Of the look whether somebody listens: the first call goes over it, so that it is not made in vain.
  std::shared_ptr<UniqueFd> connection{};

  // "the cluster in /home/ada/.bsub-lite", "the scheduler at head:7077".
  std::string Name() const;
};

Result<Address> FindAddress(const Context& context);

// BSUB_LITE_HOME as an absolute path.
Result<std::string> FindHome(const Context& context);

// False if `home` does not exist or holds nothing but lock files: no cluster was ever made there.
bool HoldsCluster(const std::string& home);

// True if nobody listens for the cluster in `home` and nothing is at work that would start its scheduler: no
// supervisor, no `up`. Waiting for it would be in vain.
bool IsDown(Address& address);
// What to say then.
Error DownError(const Address& address);

// What gRPC takes for a Unix socket. Its paths are limited to 107 bytes and to characters of a URI; others
// are reached through a descriptor of their directory, which stays open for the life of the process.
Result<std::string> UnixTarget(const std::string& socket_path);

}  // namespace bsub::cli
