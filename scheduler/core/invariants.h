// Every invariant of the state and of what is derived from it. For tests and the simulator; cost: the whole
// state.
#pragma once

#include "common/result.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

Status CheckInvariants(const Store& store);

}  // namespace bsub::sched
