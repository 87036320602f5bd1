// `bsub-lite bench`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands.h"

namespace bsub::cli {

Command BenchCommand();

// The words for bsub-lite-bench (bench/placement/main.cc), without its name: "placement", "--nodes=8", ….
std::vector<std::string> BenchToolWords(const Arguments& arguments);

}  // namespace bsub::cli
