// `bsub-lite priority`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command PriorityCommand();

}  // namespace bsub::cli
