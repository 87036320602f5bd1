// `bsub-lite hold`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command HoldCommand();

}  // namespace bsub::cli
