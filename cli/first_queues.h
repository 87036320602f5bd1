// The queues that a new cluster of one machine has beside its default queue.
#pragma once

#include "cli/supervisor/home_layout.h"
#include "common/result.h"

namespace bsub::cli {

// Makes `high` and `low` where layout.FirstQueuesMark() says that they are still to be made, and removes it:
// what somebody deletes later stays deleted.
Status MakeFirstQueues(const HomeLayout& layout);

}  // namespace bsub::cli
