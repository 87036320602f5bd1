// A submit request as a job: validated, filled in from its job definition, its payloads encoded.
#pragma once

#include <vector>

#include "api/bsub/v1/scheduler.pb.h"
#include "common/result.h"
#include "jobs/definition.h"
#include "jobs/job_spec.h"
#include "jobs/principal.h"
#include "scheduler/rpc/core_port.h"
#include "scheduler/rpc/settings.h"

namespace bsub::rpc {

struct TranslatedSubmit {
  JobSpec spec;
  std::vector<StagedPayload> payloads;
};

// `definition` is the one the request names, or null. Every message names the field.
Result<TranslatedSubmit> TranslateSubmit(v1::SubmitRequest request, const Principal& who,
                                         const JobDefinition* definition, const RpcSettings& limits,
                                         const SpecLimits& spec_limits);

// Tokens of different users never meet: the client's 16 bytes hashed together with the uid.
Result<SubmitToken> CombineToken(std::string_view client_token, std::uint32_t uid);

// What is not given is as in `otherwise`. The ranges of nodes are not looked at.
Result<GangSpec> TranslateGang(const v1::Gang& gang, GangSpec otherwise);
Result<RetryStrategy> TranslateRetry(const v1::RetryStrategy& retry);
// What is absent in `resources` is as in `otherwise`.
Resources TranslateResources(const v1::Resources& resources, const Resources& otherwise);

}  // namespace bsub::rpc
