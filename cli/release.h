// `bsub-lite release`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command ReleaseCommand();

}  // namespace bsub::cli
