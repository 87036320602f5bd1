// `bsub-lite checkpoint`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands.h"

namespace bsub::cli {

Command CheckpointCommand();

// The words for bsub-lite-checkpoint (checkpoint/tool/main.cc), without its name.
Result<std::vector<std::string>> CheckpointToolWords(const Arguments& arguments, const std::string& verb,
                                                     const std::vector<std::string>& names);

}  // namespace bsub::cli
