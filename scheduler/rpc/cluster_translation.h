// Queues, nodes and job definitions as clients see and set them.
#pragma once

#include "api/bsub/v1/scheduler.pb.h"
#include "common/result.h"
#include "jobs/definition.h"
#include "scheduler/core/scheduler.h"
#include "scheduler/rpc/core_port.h"
#include "scheduler/rpc/settings.h"

namespace bsub::rpc {

void FillQueue(const CoreView& view, const sched::Queue& queue, v1::Queue& to);
// All nodes together: the one compute environment there is.
void FillEnvironment(const CoreView& view, v1::ComputeEnvironment& to);
void FillNode(const CoreView& view, const sched::Node& node, v1::Node& to);
// One page of those that `wanted` names (no name: all), behind `after`, at most about `max_bytes`. What there
// is to go on with is in `next`.
void FillDefinitions(const sched::State& state, const DefinitionRef& wanted, bool active_only,
                     const DefinitionRef& after, std::size_t max_bytes, v1::ListDefinitionsReply& to);
void FillDefinition(const JobDefinition& definition, v1::Definition& to);

// The queue after the request: the present one (null: none yet) with the named fields changed.
Result<sched::SetQueue> TranslateSetQueue(const v1::SetQueueRequest& request, const sched::Queue* present);
Result<sched::SetNode> TranslateSetNode(const v1::SetNodeRequest& request);
// Held to the same limits as the command and environment of a submit.
Result<JobDefinition> TranslateDefinition(const v1::Definition& definition, const Principal& who,
                                          const RpcSettings& limits);

// The definition that "name" or "name:revision" means; names the nearest one if there is none.
Result<const JobDefinition*> FindDefinition(const sched::State& state, std::string_view text);

}  // namespace bsub::rpc
