// A file has one subject; past 600 lines it has more.
#include <gtest/gtest.h>

#include "tests/tidy/source_files.h"

namespace bsub::testing {
namespace {

constexpr std::size_t kLongestFile = 600;

TEST(FileLength, NoFileIsTooLongToHaveOneSubject) {
  const std::vector<SourceFile> files = ReadSources();
  ASSERT_GT(files.size(), 100u) << "the sources were not found";
  for (const SourceFile& file : files) {
    if (file.lines.size() <= kLongestFile) continue;
    ADD_FAILURE() << file.path << " has " << file.lines.size() << " lines; at most " << kLongestFile
                  << ": split it by subject";
  }
}

}  // namespace
}  // namespace bsub::testing
