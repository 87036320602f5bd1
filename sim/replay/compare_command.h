// `bsub-lite sim compare`: policies beside each other on one or more logs, as a table in Markdown.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace bsub::sim {

// `arguments`: what follows "bsub-lite-sim compare". `columns`: as ReplayCommand's. Returns the exit code.
int CompareCommand(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
                   int columns);

}  // namespace bsub::sim
