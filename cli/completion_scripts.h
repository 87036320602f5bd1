// Completion scripts for shells, made from the table of commands.
#pragma once

#include <string>

#include "cli/commands.h"

namespace bsub::cli {

std::string BashCompletion(const CommandTable& commands);
std::string ZshCompletion(const CommandTable& commands);

}  // namespace bsub::cli
