// netbench on a modelled network: SimGrid's smpirun (https://simgrid.org) runs the program that its smpicxx
// compiled, all ranks in one process under simulated time, on a platform made from the cluster configuration.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/placement/netbench_lines.h"
#include "cli/interrupts.h"
#include "common/result.h"
#include "scheduler/core/topology.h"
#include "sim/fabric/platform.h"

namespace bsub::placement {

class ModelledFabric {
 public:
  // FailedPrecondition: SimGrid or the program built for it is missing; the message names the package.
  // `directory`: what each run was given and said is kept below it.
  static Result<ModelledFabric> Make(const sched::Topology& topology, std::vector<sim::NetworkFault> faults,
                                     std::uint32_t ranks_per_node, std::string directory);

  // kCancelled: interrupted.
  Result<Measurements> Run(const std::string& name, const std::vector<sched::NodeIndex>& nodes,
                           const cli::Interrupts& interrupts) const;

 private:
  ModelledFabric(const sched::Topology& topology, std::vector<sim::NetworkFault> faults,
                 std::uint32_t ranks_per_node, std::string directory)
      : topology_(&topology),
        faults_(std::move(faults)),
        ranks_per_node_(ranks_per_node),
        directory_(std::move(directory)) {}

  const sched::Topology* topology_;
  std::vector<sim::NetworkFault> faults_;
  std::uint32_t ranks_per_node_;
  std::string directory_;
  std::string smpirun_, netbench_;
};

}  // namespace bsub::placement
