// EASY as its definition reads, over one pool and in plain loops: what the replay is compared with.
//
// shadow: the earliest time at which the first job that waits fits when all that runs ends at its estimate.
// extra: processors free then, with that job placed. Another job that fits now starts if it ends by its
// estimate at or before shadow, or if it needs at most extra, which shrinks by it.
#pragma once

#include "sim/replay/replay.h"

namespace bsub::testing {

// By order, backfill (none, easy or easy-shortest), perfect and passes of the options.
sim::Starts PlainReplay(const sim::Workload& workload, const sim::ReplayOptions& options);

}  // namespace bsub::testing
