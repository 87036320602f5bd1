// Whether the kernel has what the spawner's promises rest on, asked once at its start. A witness that found
// out later would let a task outlive the node's lease, and descriptors would leak into tasks.
#pragma once

#include "common/result.h"

namespace bsub::spawner {

// FailedPrecondition names the system call that is missing.
Status CheckKernel();

}  // namespace bsub::spawner
