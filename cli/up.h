// `bsub-lite up`, and the start of a first cluster for `submit` and `run`.
#pragma once

#include <string>

#include "cli/commands.h"

namespace bsub::cli {

Command UpCommand();

// As `up` with its defaults; what happens is told on context.err.
Status StartLocalCluster(const std::string& home, Context& context);

}  // namespace bsub::cli
