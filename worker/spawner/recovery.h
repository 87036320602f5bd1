// What a new spawner learns of the one before it, which was killed: from its log (task_log.h) and from the
// slots of the tasks that ran (task_slots.h).
#pragma once

#include <cstdint>

#include "worker/spawner/task_log.h"

namespace bsub::spawner {

// Adds to `log.running` the tasks that the slots name and whose end is not in the log. `slots`: descriptor of
// the file; -1: there is none.
void AddRunning(int slots, RecoveredLog& log);

// After the leftovers were killed: waits for the witnesses of `log.running` and adds to `log.unacknowledged`
// the tasks whose end they saw. An end by TERM or KILL is not among them: it may have been the spawner's
// doing, of which the reason is lost.
void RecoverExits(int slots, RecoveredLog& log, bool same_boot, std::int64_t deadline_us);

// What the tasks of `log.running` have written gets their name (spare_outputs.h).
void ClaimOutputs(int state_dir, const RecoveredLog& log);

}  // namespace bsub::spawner
