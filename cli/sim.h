// `bsub-lite sim`: the scheduler's core on recorded work.
#pragma once

#include <string>
#include <vector>

#include "cli/commands.h"

namespace bsub::cli {

Command SimCommand();

// What the tool beside this program is started with.
std::vector<std::string> SimToolWords(const Arguments& arguments);

}  // namespace bsub::cli
