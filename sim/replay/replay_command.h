// `bsub-lite sim replay`: a log in, starts and a summary out.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace bsub::sim {

// `arguments`: what follows "bsub-lite-sim replay". `columns`: of the terminal for the progress bar; 0: none.
// Returns the exit code: 0, 1 what was asked for cannot be read or written, 2 wrong usage.
int ReplayCommand(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err,
                  int columns);

}  // namespace bsub::sim
