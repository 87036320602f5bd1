// Which closure of nodes keeps a job from starting.
#pragma once

#include "scheduler/core/store.h"

namespace bsub::sched {

// The closure that ends first, of those of nodes with room now; null: not so many are closed that it matters.
const Closure* WhatCloses(const Store& store, const NodesRequest& request, Duration walltime, TimePoint now);

}  // namespace bsub::sched
