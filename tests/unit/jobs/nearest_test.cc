#include "jobs/nearest.h"

#include <gtest/gtest.h>

namespace bsub {
namespace {

const std::vector<std::string> kCommands = {"submit", "status", "cancel", "hold", "queues"};

TEST(NearestMatch, FindsSlipsOfEachKind) {
  EXPECT_EQ(NearestMatch("sumbit", kCommands), "submit");   // swapped
  EXPECT_EQ(NearestMatch("submmit", kCommands), "submit");  // doubled
  EXPECT_EQ(NearestMatch("cacel", kCommands), "cancel");    // left out
  EXPECT_EQ(NearestMatch("statys", kCommands), "status");   // wrong key
  EXPECT_EQ(NearestMatch("hold", kCommands), "hold");
}

TEST(NearestMatch, DoesNotGuessWildly) {
  EXPECT_EQ(NearestMatch("drain", kCommands), std::nullopt);
  EXPECT_EQ(NearestMatch("x", kCommands), std::nullopt);
  EXPECT_EQ(NearestMatch("", kCommands), std::nullopt);
  EXPECT_EQ(NearestMatch("hold", {}), std::nullopt);
  EXPECT_EQ(NearestMatch(std::string(1'000'000, 'a'), {std::string(1'000'000, 'a')}), std::nullopt);
}

TEST(NearestMatch, ASwapCountsOnceAndTiesGoToTheFirst) {
  EXPECT_EQ(NearestMatch("ab", {"ba"}), "ba");
  EXPECT_EQ(NearestMatch("cat", {"car", "cap"}), "car");
}

TEST(DidYouMean, IsTheTailOfASentence) {
  EXPECT_EQ(DidYouMean("hgih", {"low", "high"}), "; did you mean 'high'?");
  EXPECT_EQ(DidYouMean("zzz", {"low", "high"}), "");
}

}  // namespace
}  // namespace bsub
