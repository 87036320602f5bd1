// `bsub-lite envs`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command EnvsCommand();

}  // namespace bsub::cli
