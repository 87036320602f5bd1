// When a task will probably start: the part of `when` and `submit --test-only` that takes longer than the
// core's thread has time for.
#pragma once

#include <functional>
#include <memory>

#include "api/bsub/v1/scheduler.pb.h"
#include "scheduler/core/start_study.h"
#include "scheduler/rpc/blocking_pool.h"
#include "scheduler/rpc/calls.h"

namespace bsub::rpc {

// Plays `study` forward on a reader's thread; then `done`: Unavailable if the readers are to stop before
// there is an answer. `outlook` must last until then.
void FillOutlook(BlockingPool& readers, std::shared_ptr<const sched::StartStudy> study, v1::Outlook& outlook,
                 const Done& done);

}  // namespace bsub::rpc
