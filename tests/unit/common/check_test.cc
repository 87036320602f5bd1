#include "common/check.h"

#include <gtest/gtest.h>

namespace {

TEST(Check, ATrueConditionDoesNothingAndEvaluatesNoFacts) {
  int evaluated = 0;
  BSUB_CHECK(1 + 1 == 2) << ++evaluated;
  EXPECT_EQ(evaluated, 0);
}

TEST(CheckDeathTest, AFalseConditionAbortsWithPlaceConditionAndFacts) {
  EXPECT_DEATH(BSUB_CHECK(2 < 1) << "node " << 7, "check_test.cc:[0-9]+: 2 < 1 node 7");
}

TEST(Check, IsOneStatementInAnIfWithoutBraces) {
  bool reached_else = false;
  if (false)
    BSUB_CHECK(false);
  else
    reached_else = true;
  EXPECT_TRUE(reached_else);
}

}  // namespace
