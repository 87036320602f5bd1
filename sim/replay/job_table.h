// Every job of a replay, for further study: CSV or JSON.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "sim/replay/replay.h"
#include "sim/replay/workload.h"

namespace bsub::sim {

// Whether each job started before some job that was submitted before it: it was backfilled, or served first.
std::vector<bool> Overtook(const Starts& starts);

// By how the path ends: ".json" is an array of objects, all else CSV with a line of names. Times are seconds
// of the workload's time. Unavailable: it cannot be written.
Status WriteJobs(const Workload& workload, const Starts& starts, const std::string& path);

}  // namespace bsub::sim
