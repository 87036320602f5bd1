// `bsub-lite cancel`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command CancelCommand();

}  // namespace bsub::cli
