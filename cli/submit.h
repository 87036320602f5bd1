// `bsub-lite submit`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command SubmitCommand();

}  // namespace bsub::cli
