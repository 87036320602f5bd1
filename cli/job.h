// `bsub-lite job`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command JobCommand();

}  // namespace bsub::cli
