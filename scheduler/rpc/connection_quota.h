// How many connections to the Unix socket one user may have, and all together, so that nobody's idle
// connections take the descriptors that the journal needs.
//
// gRPC does not tell when it closes a connection, so the kernel is asked for the count, and only when a limit
// seems to be reached.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <map>

namespace bsub::rpc {

struct ConnectionLimits {
  std::size_t per_user = 0;
  std::size_t all = 0;
};

// As many as the process's descriptor limit leaves beside `reserved`; a user at most half of them.
ConnectionLimits FitToDescriptors(std::size_t wished_per_user, std::size_t descriptors, std::size_t reserved);

// This process's connected Unix sockets, by their peers' users.
std::map<uid_t, std::size_t> CountUnixPeers();

class ConnectionQuota {
 public:
  using Count = std::function<std::map<uid_t, std::size_t>()>;
  explicit ConnectionQuota(ConnectionLimits limits, Count count = CountUnixPeers)
      : limits_(limits), count_(std::move(count)) {}

  // Whether one more connection of `uid` is let in; it is counted then.
  bool Admit(uid_t uid);

 private:
  bool Fits(uid_t uid) const;

  const ConnectionLimits limits_;
  const Count count_;
  std::map<uid_t, std::size_t> open_;  // at most: those that were closed are seen by the next count
  std::size_t total_ = 0;
};

}  // namespace bsub::rpc
