// `bsub-lite definitions`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command DefinitionsCommand();

}  // namespace bsub::cli
