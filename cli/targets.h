// Job ids as people write them on the command line.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace bsub::cli {

// "12", "12[17]" and Slurm's and AWS's spellings, as the scheduler takes them; InvalidArgument names the bad
// word.
Result<std::vector<std::string>> ParseTargets(const std::vector<std::string>& words);

}  // namespace bsub::cli
