// `bsub-lite nodes`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command NodesCommand();

}  // namespace bsub::cli
