// A LaunchTask of the core as the signed bytes that a spawner trusts.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "api/bsub/v1/launch.pb.h"
#include "api/bsub/v1/worker.pb.h"
#include "common/result.h"
#include "scheduler/core/message.h"
#include "scheduler/rpc/payload_port.h"

namespace bsub::rpc {

// The proof over a serialised Launch, under the cluster's launch key.
using SignFn = std::function<std::string(std::string_view launch)>;

struct LaunchPlace {
  std::string node;  // name
  std::string cluster_uuid;
  std::int64_t max_output_bytes = 0;
  std::string step_program{};  // of MPI jobs
};

void FillAttemptKey(const sched::AttemptRef& from, v1::AttemptKey& to);
sched::AttemptRef AttemptFrom(const v1::AttemptKey& key);

// Fails only if a payload cannot be read: then the task can never be started.
Result<v1::SignedLaunch> BuildLaunch(const sched::LaunchTask& task, const LaunchPlace& place,
                                     PayloadPort& payloads, const SignFn& sign);

}  // namespace bsub::rpc
