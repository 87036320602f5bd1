// bsub-lite-rank: stands between mpirun's daemon of a node and one rank, so that the attempt's end can say
// which rank failed, on which node, and how.
#pragma once

#include <string>
#include <vector>

namespace bsub::step {

// Runs `argv` as a child to its end and then ends the same way.
int RunRank(std::vector<char*> argv);

}  // namespace bsub::step
