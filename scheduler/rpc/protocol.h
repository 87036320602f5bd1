// The protocol numbers this scheduler speaks. A change that an older peer would misread raises the newest
// one.
#pragma once

#include <cstdint>
#include <optional>

#include "common/result.h"

namespace bsub::rpc {

inline constexpr std::int32_t kClientProtocol = 1;
inline constexpr std::int32_t kMinClientProtocol = 1;
inline constexpr std::int32_t kNodeProtocol = 2;  // 2: many reports, many orders in one message
inline constexpr std::int32_t kMinNodeProtocol = 1;

// FailedPrecondition names both sides' numbers and which side to upgrade.
Status CheckClientProtocol(std::int32_t client);
// The newest that both speak, for a node that speaks `oldest` to `newest`.
Result<std::int32_t> NegotiateNodeProtocol(std::int32_t oldest, std::int32_t newest);

}  // namespace bsub::rpc
