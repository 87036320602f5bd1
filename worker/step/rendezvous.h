// How the parts of an attempt find each other without asking anybody: where a node's step server listens
// follows from the attempt's secret, which all parts have and nobody else. Where the node's address is this
// machine's own (127.0.0.1: the nodes share a machine) it is an abstract Unix socket, else one of a few TCP
// ports of that address.
//
// Each side proves that it knows the secret before anything else is said: whoever happens to listen at such a
// port, or connects to it, is turned away.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <string>
#include <vector>

#include "common/result.h"
#include "worker/launch/unique_fd.h"
#include "worker/step/gang.h"

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

// Of the server, for a connection that it has accepted; false: not one of ours.
bool Admit(const Gang& gang, int connection);

// To the server of a node, which may not run yet: tried again until `patience` is over.
Result<UniqueFd> Connect(const Gang& gang, std::uint32_t index, std::chrono::milliseconds patience);

}  // namespace bsub::step
