// Builds an Explanation (explain.h) from the state: the same predicates that the scheduling cycle uses.
#pragma once

#include <cstdint>
#include <vector>

#include "common/result.h"
#include "scheduler/core/explain.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

Result<Explanation> Explain(const Store& store, const TaskSelector& target, TimePoint now);

// Of one waiting task, whose job need not be among those of the state (trial.h). Never empty.
std::vector<Reason> ReasonsToWait(const Store& store, const Job& job, std::uint32_t ordinal, TimePoint now);

}  // namespace bsub::sched
