// Notices and interruptions as clients see them.
#pragma once

#include <vector>

#include "api/bsub/v1/scheduler.pb.h"
#include "common/result.h"
#include "jobs/checkpoint_spec.h"
#include "scheduler/core/node.h"
#include "scheduler/core/state.h"
#include "scheduler/rpc/history_port.h"

namespace bsub::rpc {

Result<CheckpointSpec> TranslateCheckpoint(const v1::SubmitRequest& request);
void FillCheckpoint(const CheckpointSpec& from, v1::Checkpoint& to);
void FillNotice(const sched::NodeNotice& from, v1::NodeNotice& to);

// Of a live attempt that has a notice.
void AddLastSave(const sched::KnownSave& from, v1::Job& to);
void AddOpenInterruption(const sched::State& state, const sched::Attempt& attempt, v1::Job& to);
// Of those that are over. `to` holds all attempts already.
void AddPastInterruptions(const std::vector<PastAttempt>& past, v1::Job& to);

}  // namespace bsub::rpc
