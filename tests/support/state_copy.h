// A deep copy of the durable state and of nothing that is derived from it: what a snapshot would save.
#pragma once

#include "scheduler/core/state.h"

namespace bsub::testing {

sched::State CopyDurable(const sched::State& from);

}  // namespace bsub::testing
