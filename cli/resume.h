// `bsub-lite resume`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command ResumeCommand();

}  // namespace bsub::cli
