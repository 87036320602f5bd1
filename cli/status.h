// `bsub-lite status`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command StatusCommand();

}  // namespace bsub::cli
