// Puts a waiting task on nodes.
#pragma once

#include <cstdint>

#include "scheduler/core/choose_nodes.h"
#include "scheduler/core/state.h"

namespace bsub::sched {

class Turn;

// The task waits and may start; the nodes have room for it.
void PlaceTask(Turn& turn, const Job& job, std::uint32_t ordinal, const ChosenNodes& chosen);

}  // namespace bsub::sched
