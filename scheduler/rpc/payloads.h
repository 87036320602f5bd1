// A job's command and environment as content-addressed bytes: equal content gives equal bytes and one hash.
#pragma once

#include <string>
#include <vector>

#include "api/bsub/v1/payload.pb.h"
#include "common/result.h"
#include "scheduler/rpc/core_port.h"
#include "scheduler/rpc/settings.h"

namespace bsub::rpc {

// Sizes and NUL bytes.
Status CheckArguments(const google::protobuf::RepeatedPtrField<std::string>& arguments,
                      const RpcSettings& limits);
// The same, and the script's first line. `interpreter` is filled in from that line when not given.
Status CheckCommand(v1::Command& command, const RpcSettings& limits);
// Sorts by name; of a repeated name the first stays, as getenv(3) sees it.
Status NormaliseEnvironment(v1::Environment& environment, const RpcSettings& limits);

PayloadHash Sha256(std::string_view bytes);
StagedPayload Stage(const google::protobuf::MessageLite& message);  // deterministic serialisation

}  // namespace bsub::rpc
