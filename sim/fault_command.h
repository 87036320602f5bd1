// The command line of the fault simulator, shared by bsub-lite-faultsim and `bsub-lite sim faults`.
//
//   --seed N | --seeds A-B   --steps M   --check-every K   --mutation NAME   --verbose
//
// Exit codes: 0 no violation, 1 a violation, 2 a wrong command line.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace bsub::sim {

int FaultCommand(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace bsub::sim
