#include "examples/stencil/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace stencil {
namespace {

using ::testing::HasSubstr;

tl::expected<Options, std::string> Parsed(std::vector<const char*> words) {
  words.insert(words.begin(), "stencil");
  return ParseOptions(static_cast<int>(words.size()), words.data());
}

TEST(StencilOptions, AreRead) {
  const auto options = Parsed({"--size", "256", "--steps=500", "--threads", "2"});
  ASSERT_TRUE(options) << options.error();
  EXPECT_EQ(options->size, 256);
  EXPECT_EQ(options->steps, 500);
  EXPECT_EQ(options->threads, 2);
}

TEST(StencilOptions, ErrorsNameTheOption) {
  EXPECT_THAT(Parsed({"--size", "0"}).error(), HasSubstr("--size is 0; expected 1 to 8192"));
  EXPECT_THAT(Parsed({"--size", "many"}).error(), HasSubstr("--size"));
  EXPECT_THAT(Parsed({"--steps", "-1"}).error(), HasSubstr("--steps is -1"));
  EXPECT_THAT(Parsed({"--stepz", "1"}).error(), HasSubstr("--stepz"));
  EXPECT_THAT(Parsed({"256"}).error(), HasSubstr("--help")) << "a word that belongs to no option";
}

}  // namespace
}  // namespace stencil
