// The C++ sources of the project, for the tests that read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bsub::testing {

struct SourceFile {
  std::string path;  // from the root: "jobs/retry.cc"
  std::vector<std::string> lines;
};

// Every .h, .cc and .cpp below the source folders, in the order of their paths.
std::vector<SourceFile> ReadSources();

}  // namespace bsub::testing
