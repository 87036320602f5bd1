// Calls to a scheduler that may be away at any moment.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "api/bsub/v1/scheduler.grpc.pb.h"

namespace bsub::soak {

using Stub = v1::Scheduler::Stub;

// A connection of its own, that looks again quickly for a scheduler that was away.
std::unique_ptr<Stub> Connect(const std::string& socket);

// The scheduler is away, starts, or has too much to do: the call may be made again.
bool MayRepeat(const grpc::Status& status);

void SetDeadline(grpc::ClientContext& context, std::chrono::milliseconds after);

// Calls until there is an answer, or until `stop`; how often is added to `repeats`.
using Call = std::function<grpc::Status(grpc::ClientContext&)>;
grpc::Status Insist(const Call& call, const std::atomic<bool>& stop, std::atomic<std::int64_t>& repeats);

}  // namespace bsub::soak
