// The checkpoint library never ends the user's program.
#include <gtest/gtest.h>

#include <regex>

#include "tests/tidy/source_files.h"

namespace bsub::testing {
namespace {

TEST(CheckpointLibrary, NeverEndsTheProgram) {
  const std::regex ends(R"(\b(abort|exit|_exit|_Exit|quick_exit|terminate|raise|assert|BSUB_CHECK)\s*\()");
  int found = 0;
  for (const SourceFile& file : ReadSources()) {
    const bool in_programs = file.path.starts_with("checkpoint/src/") ||
                             file.path.starts_with("checkpoint/control/") ||
                             file.path.starts_with("checkpoint/include/");
    if (!in_programs) continue;
    ++found;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string code = file.lines[i].substr(0, file.lines[i].find("//"));
      EXPECT_FALSE(std::regex_search(code, ends))
          << file.path << ":" << i + 1 << ": " << file.lines[i] << ": return a Failure instead";
    }
  }
  EXPECT_GT(found, 40);
}

}  // namespace
}  // namespace bsub::testing
