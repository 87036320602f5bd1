#include "cli/read_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/unit/cli/temporary_directory.h"

namespace bsub::cli {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t kMost = std::size_t{1} << 20;

TEST(ReadText, AllOfAFileUpToTheLimit) {
  const TemporaryDirectory directory;
  const std::string text(kMost, 'x');
  const auto read = ReadTextFile("script 'a'", directory.Write("a", text), kMost);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, text);
  EXPECT_EQ(*ReadTextFile("script 'b'", directory.Write("b", ""), kMost), "");
}

TEST(ReadText, WhatNeverEndsIsRefused) {
  const auto zeros = ReadTextFile("script '/dev/zero'", "/dev/zero", kMost);
  ASSERT_FALSE(zeros);
  EXPECT_THAT(zeros.error().message, HasSubstr("script '/dev/zero': is larger than 1 MiB"));
  std::istringstream in(std::string(kMost + 1, 'x'));
  EXPECT_THAT(ReadText("standard input", in, kMost).error().message, HasSubstr("standard input: is larger"));
}

TEST(ReadText, WhatIsNoFileIsNamed) {
  const TemporaryDirectory directory;
  EXPECT_EQ(ReadTextFile("--file 'x'", directory.path() + "/x").error().message,
            "--file 'x': No such file or directory");
  EXPECT_THAT(ReadTextFile("--file 'd'", directory.path()).error().message, HasSubstr("is a directory"));
}

}  // namespace
}  // namespace bsub::cli
