// `bsub-lite sim table`: tables of papers, computed again.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace bsub::sim {

// `arguments`: what follows "bsub-lite-sim table": sc20 LOG [--json]. Returns the exit code.
int TableCommand(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace bsub::sim
