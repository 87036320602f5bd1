// `bsub-lite logs`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command LogsCommand();

}  // namespace bsub::cli
