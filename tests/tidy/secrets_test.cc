// Where a secret is compared, the time it takes must not tell how much of it was right.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/tidy/source_files.h"

namespace bsub::testing {
namespace {

bool Uses(const SourceFile& file, std::string_view word) {
  return std::any_of(file.lines.begin(), file.lines.end(),
                     [word](const std::string& line) { return line.find(word) != std::string::npos; });
}

TEST(Secrets, AreComparedInConstantTime) {
  int found = 0;
  for (const SourceFile& file : ReadSources()) {
    if (file.path != "scheduler/rpc/tokens.cc" && file.path != "worker/launch/launch_proof.cc") continue;
    ++found;
    EXPECT_TRUE(Uses(file, "CRYPTO_memcmp(")) << file.path;
    EXPECT_FALSE(Uses(file, " memcmp(") || Uses(file, "std::memcmp(")) << file.path;
  }
  EXPECT_EQ(found, 2);
}

}  // namespace
}  // namespace bsub::testing
