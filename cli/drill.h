// `bsub-lite drill`: takes nodes away as a provider of interruptible machines would, on a running cluster.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command DrillCommand();

}  // namespace bsub::cli
