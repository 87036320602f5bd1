// A shutdown that stops the tasks: starts no more of them, sends the running ones back to the queue, and
// tells when the last has ended (or the time is up).
#pragma once

#include <functional>
#include <memory>

#include "common/time.h"
#include "jobs/principal.h"
#include "scheduler/daemon/core_loop.h"
#include "scheduler/rpc/timers.h"

namespace bsub::daemon {

// `done` is called once, from any thread, unless the loop stops first.
void StopAllTasks(CoreLoop& loop, rpc::Timers& timers, const Principal& by, Duration timeout,
                  std::function<void()> done);

}  // namespace bsub::daemon
