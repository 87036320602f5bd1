// What runs of an MPI job on each of its nodes but the main one: it waits for the launch agent of the main
// node and starts what that orders, such as mpirun's daemon of this node.
#pragma once

#include "worker/step/gang.h"

namespace bsub::step {

// Until it is told to end (SIGTERM) and nothing that it started runs any more: the main node ends that first.
// Returns an exit code.
int RunStepServer(const Gang& gang);

}  // namespace bsub::step
