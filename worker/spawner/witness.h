// The witness of a task's exit: a process between the spawner and the task's main process, so that how a task
// ended is known although the spawner was killed meanwhile. Without it a success that nobody saw would be run
// a second time.
//
//   spawner -> witness -> main process
//
// It is made by the launcher (launcher.h), as a child of the spawner. It waits for an order, makes the main
// process, waits for its end, notes that in the task's slot (task_slots.h), reaps, tells the spawner, and
// waits for the next order: one task at a time, one after another.
//
// It also sees to it that no task outlives the node's lease, which a scheduler relies on that gives the task
// to others: whatever became of the spawner (frozen, stuck, dead), the witness kills what is left once the
// lease and its grace are over. A spawner that is well has done so by then. While the spawner is dead the
// witness does not wait for the grace, sweeps what the task leaves behind, and ends.
//
// And it asks, at the end, for the disk below the user's own output files: their file system may hang, and
// the spawner may not.
//
// It holds of the spawner's its state directory, slots, lease and pidfd, and no signal for task or spawner
// reaches it.
#pragma once

#include "worker/spawner/lease_watch.h"

namespace bsub::spawner {

// What this process does from now on. `socket`: where orders come from (witness_words.h). `duty`: key, mark
// and slot are each order's.
[[noreturn]] void RunWitness(WitnessDuty duty, int state_dir, int socket);

}  // namespace bsub::spawner
