// `bsub-lite completion`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command CompletionCommand();

}  // namespace bsub::cli
