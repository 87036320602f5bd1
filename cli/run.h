// `bsub-lite run`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command RunCommand();

}  // namespace bsub::cli
