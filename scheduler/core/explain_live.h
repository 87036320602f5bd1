// What is said of a task that runs, is being started, or is out of contact.
#pragma once

#include "scheduler/core/explainer.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

// `task` has an attempt.
Reason LiveReason(const Store& store, const Task& task, TimePoint now);

}  // namespace bsub::sched
