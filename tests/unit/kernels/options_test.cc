#include "kernels/host/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace bsub::kernels {
namespace {

using ::testing::HasSubstr;

Result<CommandLine> ParsedHost(std::vector<const char*> words) {
  words.insert(words.begin(), "bsub-lite-kernel-host");
  return ParseCommandLine(static_cast<int>(words.size()), words.data());
}

TEST(KernelHostOptions, OfARun) {
  const auto line =
      ParsedHost({"--kernel", "l.so:f", "--array", "0-99:3", "--threads", "3", "--input", "width=4"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->mode, CommandLine::Mode::kRun);
  EXPECT_EQ(line->host.indices.size(), 34u);
  EXPECT_EQ(line->host.threads, 3u);
  EXPECT_EQ(line->host.input, "width=4");
}

TEST(KernelHostOptions, AHostMayBeLargerThanAnArrayOfTheScheduler) {
  const auto line = ParsedHost({"--kernel", "l.so:f", "--array", "0-199999999"});
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->host.indices.size(), 200'000'000u);
}

TEST(KernelHostOptions, ErrorsNameTheOption) {
  EXPECT_THAT(ParsedHost({"--array", "1-3"}).error().message, HasSubstr("--kernel is missing"));
  EXPECT_THAT(ParsedHost({"--kernel", "l.so:f"}).error().message, HasSubstr("--array is missing"));
  EXPECT_THAT(ParsedHost({"--kernel", "l.so:f", "--array", "3-1"}).error().message,
              HasSubstr("runs backwards"));
  EXPECT_THAT(ParsedHost({"--kernel", "l.so:f", "--array", "1", "--threads", "-1"}).error().message,
              HasSubstr("--threads is -1"));
  EXPECT_THAT(ParsedHost({"--kernel", "l.so:f", "--array", "1", "--input", "@/nonexistent"}).error().message,
              HasSubstr("--input @/nonexistent: No such file"));
  EXPECT_THAT(ParsedHost({"--nonsense"}).error().message, HasSubstr("--nonsense"));
}

}  // namespace
}  // namespace bsub::kernels
