// `bsub-lite jobs`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command JobsCommand();

}  // namespace bsub::cli
