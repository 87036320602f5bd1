// `bsub-lite requeue`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command RequeueCommand();

}  // namespace bsub::cli
