// How the parts of an attempt find each other without asking anybody: where a node's step server listens
// follows from the attempt's secret, which all parts have and nobody else. Where the node's address is this
// machine's own (127.0.0.1: the nodes share a machine) it is an abstract Unix socket, else one of a few TCP
// ports of that address.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <string>
#include <vector>

#include "common/result.h"
#include "worker/launch/unique_fd.h"
#include "worker/step/gang.h"
#include "worker/step/patience.h"

struct tcp_info;

namespace bsub::step {

using worker::UniqueFd;

struct Place {
  sockaddr_storage address{};
  socklen_t size = 0;
  std::string text;  // for people
};

// In the order in which they are tried. NotFound: the node's address does not resolve.
Result<std::vector<Place>> PlacesOf(const Gang& gang, std::uint32_t index);

// Of this node's server. Unavailable: none of its places could be taken.
Result<UniqueFd> Listen(const Gang& gang);

// Of either end of a connection: what is said goes at once, and a peer that vanished ends it after about a
// minute and a half, if nothing is on its way to it; else HasVanished() tells. One that is there and takes
// nothing does not. No effect on a Unix socket.
void WatchConnection(int fd);

// Whether something is on its way on a TCP connection to a peer of which nothing was heard for as long as
// WatchConnection() has it. To be asked every kLookAtConnection, also while
// other things happen.
inline constexpr std::chrono::milliseconds kLookAtConnection(10'000);
bool HasVanished(int fd);

// The same of what the kernel says (TCP_INFO).
bool TellsOfVanished(const tcp_info& info);

// To the server of a node, which may not run yet: tried again until the patience is over. The connection does
// not block. Aborted: there is nobody any more who wants it.
Result<UniqueFd> Connect(const Gang& gang, std::uint32_t index, const Patience& patience);

}  // namespace bsub::step
