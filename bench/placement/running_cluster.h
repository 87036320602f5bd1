// netbench for real: a job of the running cluster, placed by its scheduler, its ranks started by `submit
// --mpi`. Speaks to the cluster as a user does, through the program bsub-lite.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/placement/child_process.h"
#include "bench/placement/options.h"
#include "bench/placement/study.h"
#include "cli/interrupts.h"
#include "common/result.h"
#include "scheduler/core/topology.h"

namespace bsub::placement {

class RunningCluster {
 public:
  // FailedPrecondition: netbench or bsub-lite is not beside this program. `directory`: what each run printed
  // is kept below it.
  static Result<RunningCluster> Make(const sched::Topology& topology, const Options& options,
                                     std::string directory, const cli::Interrupts& interrupts);

  // Waits until the job is over, at most as long as the options say. Errors also for a job that fails, and
  // for a node that the configuration does not have. A job that is no longer waited for, for whatever reason,
  // is cancelled; kCancelled: because of an interrupt.
  Result<PlacedRun> Run(const std::string& name, const sched::PlacementRequest& request,
                        std::uint32_t draw) const;

 private:
  RunningCluster(const sched::Topology& topology, const Options& options, std::string directory,
                 const cli::Interrupts& interrupts)
      : topology_(&topology),
        options_(&options),
        directory_(std::move(directory)),
        interrupts_(&interrupts) {}

  // `bsub-lite WORDS`; its output goes to directory/NAME/FILE.
  ChildRun Command(const std::string& name, const std::string& file, std::vector<std::string> words) const;
  Result<std::string> Output(const std::string& name, const std::string& file,
                             std::vector<std::string> words) const;
  Result<std::string> Submit(const std::string& name, const sched::PlacementRequest& request) const;
  Status Wait(const std::string& name, const std::string& job) const;
  // How it ended, in the scheduler's words; empty: it is not over.
  Result<std::string> EndOf(const std::string& name, const std::string& job) const;
  // `why`, which then also says what became of the job.
  Error Cancel(const std::string& name, const std::string& job, Error why) const;
  // What `job --json` says of the last attempt's placement.
  Result<bool> PolicyKept(const std::string& name, const std::string& job) const;
  Result<std::vector<sched::NodeIndex>> NodesOf(const Measurements& measured) const;

  const sched::Topology* topology_;
  const Options* options_;
  std::string directory_;
  const cli::Interrupts* interrupts_;
  std::string bsub_, netbench_;
};

}  // namespace bsub::placement
