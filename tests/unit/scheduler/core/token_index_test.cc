#include "scheduler/core/token_index.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace bsub::sched {
namespace {

// Few homes, so that tokens stand in each other's way: two tables, and in them `homes` places to begin.
SubmitToken Token(std::uint64_t n, unsigned homes) {
  SubmitToken token;
  token.bytes[0] = static_cast<std::uint8_t>(n % 2);
  token.bytes[8] = static_cast<std::uint8_t>(n % homes);
  token.bytes[7] = 1;
  for (int i = 0; i < 6; ++i) token.bytes[1 + i] = static_cast<std::uint8_t>(n >> (8 * i));
  return token;
}

TEST(TokenIndex, FindsNothingBeforeItHoldsAnything) {
  TokenIndex index;
  EXPECT_FALSE(index.Find(Token(1, 8)).valid());
  index.Remove(Token(1, 8));
}

TEST(TokenIndex, TheFirstJobOfATokenStays) {
  TokenIndex index;
  index.Add(Token(1, 8), JobId(1));
  index.Add(Token(1, 8), JobId(2));
  EXPECT_EQ(index.Find(Token(1, 8)), JobId(1));
  index.Remove(Token(1, 8));
  EXPECT_FALSE(index.Find(Token(1, 8)).valid());
}

class TokenIndexAgainstAMap : public ::testing::TestWithParam<unsigned> {};

TEST_P(TokenIndexAgainstAMap, AgreesAfterAnyAddsAndRemovals) {
  TokenIndex index;
  std::map<SubmitToken, JobId> expected;
  std::mt19937 random(GetParam());
  index.Reserve(600);
  for (std::uint64_t step = 1; step <= 20'000; ++step) {
    const SubmitToken token = Token(random() % 700, GetParam());
    if (random() % 2 == 0) {
      index.Add(token, JobId(step));
      expected.emplace(token, JobId(step));
    } else {
      index.Remove(token);
      expected.erase(token);
    }
    if (step % 500 != 0) continue;
    for (std::uint64_t n = 0; n < 700; ++n) {
      const auto it = expected.find(Token(n, GetParam()));
      ASSERT_EQ(index.Find(Token(n, GetParam())), it == expected.end() ? JobId() : it->second)
          << "step " << step;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Homes, TokenIndexAgainstAMap, ::testing::Values(1u, 3u, 16u, 256u));

}  // namespace
}  // namespace bsub::sched
