// Builds an Explanation (explain.h) from the state: the same predicates that the scheduling cycle uses.
#pragma once

#include "common/result.h"
#include "scheduler/core/explain.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

Result<Explanation> Explain(const Store& store, const TaskSelector& target, TimePoint now);

}  // namespace bsub::sched
