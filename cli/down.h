// `bsub-lite down`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command DownCommand();

}  // namespace bsub::cli
