// The queues that a new cluster of one machine has beside its default queue.
#pragma once

#include "cli/supervisor/home_layout.h"
#include "common/result.h"

namespace bsub::cli {

// Makes `high` and `low` where there is nothing but the default queue: the cluster is new, or its first `up`
// did not come so far.
Status MakeFirstQueues(const HomeLayout& layout);

}  // namespace bsub::cli
