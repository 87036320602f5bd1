// `bsub-lite wait`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command WaitCommand();

}  // namespace bsub::cli
