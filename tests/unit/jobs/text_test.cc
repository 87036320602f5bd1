#include "jobs/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace bsub {
namespace {

using ::testing::ElementsAre;

TEST(Quoted, IsAlwaysUtf8) {
  EXPECT_EQ(Quoted("caf\xc3\xa9"), "'caf\xc3\xa9'");
  EXPECT_EQ(Quoted("caf\xe9\n"), "'caf\\xe9\\n'");
  const std::string most(79, 'x');
  EXPECT_EQ(Quoted(most + "\xc3\xa9"), "'" + most + "…'");
}

TEST(NaturalLess, CountsAsPeopleDo) {
  std::vector<std::string> names = {"n10", "n2", "n1", "gpu", "n", "n10a", "n9-b2", "n9-b12", "n02"};
  std::sort(names.begin(), names.end(), NaturalLess);
  EXPECT_THAT(names, ElementsAre("gpu", "n", "n1", "n02", "n2", "n9-b2", "n9-b12", "n10", "n10a"));
}

TEST(NaturalLess, NumbersMayBeOfAnyLength) {
  EXPECT_TRUE(NaturalLess("n99999999999999999999998", "n99999999999999999999999"));
  EXPECT_FALSE(NaturalLess("n100000000000000000000000", "n99999999999999999999999"));
  EXPECT_TRUE(NaturalLess("n0", "n1"));
  EXPECT_TRUE(NaturalLess("n", "n0"));
  EXPECT_FALSE(NaturalLess("n1", "n1"));
}

TEST(Quoted, IsTextWhateverItQuotes) {
  EXPECT_EQ(Quoted("a\nb\x01"), "'a\\nb\\x01'");
  EXPECT_EQ(Quoted("nope\xe9"), "'nope\\xe9'");
  EXPECT_EQ(Quoted("\xc2\x9b"
                   "31m\xc2\xa0"),
            "'\\xc2\\x9b31m\xc2\xa0'")
      << "a terminal's command";
  std::string accents = "x";
  while (accents.size() < 100) accents += "é";
  EXPECT_EQ(Quoted(accents), "'" + accents.substr(0, 79) + "…'") << "cut between two characters";
}

}  // namespace
}  // namespace bsub
