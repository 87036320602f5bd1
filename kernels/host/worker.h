// The process that calls the kernel, on a TBB arena with one slot of the table for each thread. It may crash
// at any time.
#pragma once

#include "common/result.h"
#include "jobs/array_spec.h"
#include "kernels/host/kernel_library.h"
#include "kernels/host/shared_table.h"

namespace bsub::kernels {

// Calls the kernel for all unfinished children, the suspects first and one at a time. FailedPrecondition with
// the kernel's own words if it refuses the input.
Status RunWorker(SharedTable& table, const Kernel& kernel, const ArraySpec& indices);

}  // namespace bsub::kernels
