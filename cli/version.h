// `bsub-lite version`.
#pragma once

#include "cli/commands.h"

namespace bsub::cli {

Command VersionCommand();

}  // namespace bsub::cli
