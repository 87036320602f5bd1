// `bsub-lite config`: cluster configurations without a cluster.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command ConfigCommand();

}  // namespace bsub::cli
