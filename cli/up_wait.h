// Whether a cluster that is being started is ready, and if it will not be, why.
#pragma once

#include "cli/context.h"
#include "cli/supervisor/cluster_file.h"
#include "cli/supervisor/home_layout.h"
#include "cli/supervisor/launch.h"
#include "common/result.h"

namespace bsub::cli {

struct ReadyCluster {
  std::int64_t scheduler_pid = 0;
};

// Returns once the scheduler answers and every node is registered. A daemon that ends again and again, or
// `timeout`, is an error that shows the last words of its log.
Result<ReadyCluster> WaitUntilReady(const HomeLayout& layout, const ClusterFile& cluster,
                                    const RunningSupervisor& supervisor, Duration timeout);

}  // namespace bsub::cli
