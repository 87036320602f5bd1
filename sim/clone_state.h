// A snapshot and its loading in one step: copies the durable part of a state and nothing else, so that what
// is derived must be rebuilt.
#pragma once

#include <string>

#include "scheduler/core/entry.h"
#include "scheduler/core/state.h"

namespace bsub::sim {

sched::State CloneState(const sched::State& state);

// One line for the trace.
std::string DescribeEntry(const sched::EntryBody& body);

}  // namespace bsub::sim
