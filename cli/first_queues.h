// The queues that a new cluster of one machine has beside its default queue.
#pragma once

#include "cli/supervisor/home_layout.h"
#include "common/result.h"

namespace bsub::cli {

// Makes `high` and `low`; one that exists stays as it is.
Status MakeFirstQueues(const HomeLayout& layout);

}  // namespace bsub::cli
