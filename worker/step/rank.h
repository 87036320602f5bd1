// bsub-lite-rank: stands between mpirun's daemon of a node and one rank, so that the attempt's end can say
// which rank failed, on which node, and how.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bsub::step {

struct RankNames {
  std::string rank;
  std::string node;
  std::string job;
};
// %r, %n and %j of a path are these, %% is a percent sign.
std::string ExpandRankPath(std::string_view pattern, const RankNames& names);

// Runs `argv` as a child to its end and then ends the same way. A program of another MPI than mpirun's is not
// run: each rank would be alone.
int RunRank(std::vector<char*> argv);

}  // namespace bsub::step
