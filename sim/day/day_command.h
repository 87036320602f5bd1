// `bsub-lite sim day`: a large cluster's day in one go, and what it took.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace bsub::sim {

// `arguments`: what follows "bsub-lite-sim day". `columns`: of the terminal for the progress bar; 0: none.
// Returns the exit code: 0, 1 what was asked for cannot be read, 2 wrong usage.
int DayCommand(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err, int columns);

}  // namespace bsub::sim
