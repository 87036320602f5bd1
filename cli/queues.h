// `bsub-lite queues`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command QueuesCommand();

}  // namespace bsub::cli
