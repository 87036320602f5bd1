// The state in a snapshot's chunks, without a scheduler over it.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "scheduler/core/state.h"

namespace bsub::journal::test {

// A job that stands there twice is taken once.
Result<sched::State> DecodedState(const std::vector<std::string>& chunks);

}  // namespace bsub::journal::test
