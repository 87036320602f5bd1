// `bsub-lite events`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command EventsCommand();

}  // namespace bsub::cli
