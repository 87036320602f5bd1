// Replays a workload through the scheduler's core, the same that runs a cluster: jobs are submitted, tasks
// start and end, and the core decides. The machine is one node with as many CPUs as the log's has processors.
//
// What published simulators agree on and the product does not need lives here:
//   batch   all that happens at one instant, then one scheduling pass, as a cluster does it
//   event   a pass after every single event. Within an instant submits come first, then ends in the order in
//           which those tasks were started; and tasks whose time limit is reached at this instant are off the
//           node before the first of its passes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/replay/policies.h"
#include "sim/replay/workload.h"

namespace bsub::sim {

class CoreMachine;  // core_machine.h

enum class Passes : std::uint8_t { kBatch, kEvent };

struct ReplayOptions {
  ReplayPolicy policy;
  Passes passes = Passes::kBatch;
  // Told how many jobs have ended, now and then. May be empty.
  std::function<void(std::size_t ended)> progress{};
  // With passes `batch`: told of each job that did not start with the pass at its submit, while the machine
  // stands there. May be empty.
  std::function<void(const CoreMachine& machine, std::size_t job)> waits{};
};

// When each job started, in seconds of the workload's time.
using Starts = std::vector<std::int64_t>;

Starts Replay(const Workload& workload, const ReplayOptions& options);

}  // namespace bsub::sim
