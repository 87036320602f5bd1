// `bsub-lite when`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command WhenCommand();

}  // namespace bsub::cli
