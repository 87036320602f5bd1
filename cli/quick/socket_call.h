// One call over the cluster's own socket without gRPC, of which the start alone takes longer than a submit:
// it makes six threads and looks at hundreds of settings.
#pragma once

#include <chrono>
#include <string>

#include "cli/quick/exchange.h"
#include "cli/supervisor/unique_fd.h"
#include "common/result.h"

namespace bsub::cli::quick {

// A connection to the socket, which does not block; not valid while nobody listens.
UniqueFd ConnectTo(const std::string& socket_path);

struct Answer {
  Status end;
  std::string message;
  bool sent = false;  // the scheduler may have got the request, however it ended
};

// Waits for somebody to listen, and for the answer, as gRPC does for a call that waits until the channel is
// ready. `connection`: one that is open already and was not used, if valid. DeadlineExceeded: too late;
// Unavailable: the connection broke.
Answer CallSocket(const std::string& socket_path, UniqueFd connection, const Call& call,
                  std::chrono::steady_clock::time_point deadline);

}  // namespace bsub::cli::quick
