// `bsub-lite drain`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command DrainCommand();

}  // namespace bsub::cli
