#include "cli/supervisor/backoff.h"

#include <gtest/gtest.h>

namespace bsub::cli {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, TheFirstRestartIsAtOnceAndPausesGrow) {
  Backoff backoff;
  EXPECT_EQ(backoff.AfterEnd(1s), 0s);
  EXPECT_EQ(backoff.AfterEnd(1s), 100ms);
  EXPECT_EQ(backoff.AfterEnd(1s), 200ms);
  EXPECT_EQ(backoff.AfterEnd(1s), 400ms);
  EXPECT_EQ(backoff.restarts(), 4);
}

TEST(Backoff, PausesHaveALimit) {
  Backoff backoff;
  for (int i = 0; i < 100; ++i) EXPECT_LE(backoff.AfterEnd(0s), 5s);
  EXPECT_EQ(backoff.AfterEnd(0s), 5s);
}

TEST(Backoff, AStableRunStartsOver) {
  Backoff backoff;
  for (int i = 0; i < 5; ++i) backoff.AfterEnd(0s);
  EXPECT_EQ(backoff.AfterEnd(10s), 0s);
  EXPECT_EQ(backoff.restarts(), 1);
}

}  // namespace
}  // namespace bsub::cli
