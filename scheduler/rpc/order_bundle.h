// Many orders for one node in few messages: each message costs both sides more than what it says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "api/bsub/v1/worker.pb.h"

namespace bsub::rpc {

// The first protocol of worker.proto that knows Orders and TaskReports.
inline constexpr std::int32_t kBundlingProtocol = 2;

// Launches and acknowledgements that follow each other become Orders, each of at most `max_bytes` of launches
// (or one launch, if that alone is larger). Everything else stays as it is, and where it is.
std::vector<v1::ToNode> Bundle(std::vector<v1::ToNode> messages, std::size_t max_bytes);

}  // namespace bsub::rpc
