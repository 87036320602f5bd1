// gRPC's refusal of a message that is too large: the same code as that of a scheduler with too much to do,
// but asking again does not help.
#pragma once

#include <grpcpp/support/status.h>

#include <optional>
#include <string>

namespace bsub::cli {

// What was too large and what to do; nothing if `status` is about anything else.
std::optional<std::string> ExplainTooLarge(const grpc::Status& status);

// The scheduler has too much to do at this moment, or for this reader: ask again.
bool IsBusy(const grpc::Status& status);

}  // namespace bsub::cli
