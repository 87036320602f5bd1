// `bsub-lite why`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command WhyCommand();

}  // namespace bsub::cli
