// The commands that start and stop a cluster and run pipelines.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

void AddUpRunCommands(CommandTable& table);

}  // namespace bsub::cli
