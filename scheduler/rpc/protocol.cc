#include "scheduler/rpc/protocol.h"

#include <algorithm>
#include <string>

namespace bsub::rpc {
namespace {

std::string Range(std::int32_t oldest, std::int32_t newest) {
  if (oldest == newest) return std::to_string(newest);
  return std::to_string(oldest) + " to " + std::to_string(newest);
}

Error Mismatch(const std::string& peer, const std::string& theirs, const std::string& ours,
               bool peer_is_newer) {
  return FailedPrecondition("this " + peer + " speaks protocol " + theirs + " and the scheduler " + ours +
                            "; upgrade the " + (peer_is_newer ? std::string("scheduler") : peer));
}

}  // namespace

Status CheckClientProtocol(std::int32_t client) {
  if (client >= kMinClientProtocol && client <= kClientProtocol) return OkStatus();
  return Mismatch("client", std::to_string(client), Range(kMinClientProtocol, kClientProtocol),
                  client > kClientProtocol);
}

Result<std::int32_t> NegotiateNodeProtocol(std::int32_t oldest, std::int32_t newest) {
  if (oldest > newest) {
    return InvalidArgument("min_protocol " + std::to_string(oldest) + " is above protocol " +
                           std::to_string(newest));
  }
  const std::int32_t common = std::min(newest, kNodeProtocol);
  if (common >= std::max(oldest, kMinNodeProtocol)) return common;
  return Mismatch("agent", Range(oldest, newest), Range(kMinNodeProtocol, kNodeProtocol),
                  oldest > kNodeProtocol);
}

}  // namespace bsub::rpc
