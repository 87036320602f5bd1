#include "jobs/retry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub {
namespace {

using testing::HasSubstr;

const End kExit3{.kind = EndKind::kExited, .code = 3};
const End kSegv{.kind = EndKind::kSignalled, .code = 11};
const End kOom{.kind = EndKind::kOutOfMemory};
const End kLost{.kind = EndKind::kNodeLost};
const End kNoProgram{.kind = EndKind::kNeverStarted, .reason = "/nosuch: no such file"};

RetryStrategy Attempts(int n, std::vector<EvaluateOnExit> rules = {}) {
  return {.attempts = n, .evaluate_on_exit = std::move(rules)};
}

EvaluateOnExit Rule(std::string_view text) { return ParseEvaluateOnExit(text).value(); }

RetryDecision Decide(const RetryStrategy& strategy, const End& end, int charged = 0) {
  return DecideRetry(strategy, end, "i-0abc", charged);
}

TEST(DecideRetry, AttemptsCountsAllAttempts) {
  EXPECT_FALSE(Decide(Attempts(1), kExit3).retry);
  EXPECT_TRUE(Decide(Attempts(3), kExit3, 0).retry);
  EXPECT_TRUE(Decide(Attempts(3), kExit3, 1).retry);
  EXPECT_FALSE(Decide(Attempts(3), kExit3, 2).retry);
  EXPECT_EQ(Decide(Attempts(3), kExit3, 1).why, "attempt 2 of 3");
  EXPECT_EQ(Decide(Attempts(3), kExit3, 2).why, "attempt 3 of 3 was the last");
}

TEST(DecideRetry, SomeEndsAreNeverRetriedWhateverTheRulesSay) {
  const RetryStrategy eager = Attempts(10, {Rule("reason=*:retry")});
  EXPECT_FALSE(Decide(eager, {.kind = EndKind::kExited, .code = 0}).retry);
  for (const auto kind : {EndKind::kCancelled, EndKind::kTimedOut, EndKind::kDependencyFailed}) {
    EXPECT_FALSE(Decide(eager, {.kind = kind}).retry) << ToString(kind);
  }
}

TEST(DecideRetry, EveryOtherFailureIsRetriedWhileAttemptsRemain) {
  for (const End& end : {kExit3, kSegv, kOom, kNoProgram}) {
    const RetryDecision decision = Decide(Attempts(2), end);
    EXPECT_TRUE(decision.retry && decision.charged) << Describe(end);
    EXPECT_FALSE(Decide(Attempts(2), end, 1).retry) << Describe(end);
  }
}

TEST(DecideRetry, AnInterruptionIsNotCharged) {
  const RetryDecision decision = Decide(Attempts(1), kLost);
  EXPECT_TRUE(decision.retry);
  EXPECT_FALSE(decision.charged);
  EXPECT_TRUE(Decide(Attempts(2, {Rule("exit=3:exit")}), kLost, 1).retry)
      << "a rule that does not match changes nothing";
}

TEST(DecideRetry, ARuleDecidesAboutAnInterruption) {
  EXPECT_FALSE(Decide(Attempts(5, {Rule("status=Host EC2*:exit")}), kLost).retry);
  const RetryStrategy asked = Attempts(2, {Rule("status=Host EC2*:retry")});
  EXPECT_TRUE(Decide(asked, kLost, 0).retry && Decide(asked, kLost, 0).charged);
  EXPECT_FALSE(Decide(asked, kLost, 1).retry);
}

TEST(DecideRetry, ARequeueByAPersonIsFree) {
  const RetryDecision decision = Decide(Attempts(1), {.kind = EndKind::kRequeued, .by = "alice"}, 1);
  EXPECT_TRUE(decision.retry);
  EXPECT_FALSE(decision.charged);
}

TEST(DecideRetry, TheFirstMatchingRuleDecides) {
  const RetryStrategy strategy =
      Attempts(10, {Rule("exit=3:exit"), Rule("exit=3:retry"), Rule("exit=1*:retry")});
  EXPECT_FALSE(Decide(strategy, kExit3).retry);
  EXPECT_EQ(Decide(strategy, kExit3).why, "rule 1 (exit=3) says exit");
  EXPECT_THAT(Decide(strategy, {.kind = EndKind::kExited, .code = 137}).why,
              HasSubstr("rule 3 (exit=1*) says retry"));
  EXPECT_TRUE(Decide(strategy, {.kind = EndKind::kExited, .code = 2}).retry) << "no match means retry";
}

TEST(DecideRetry, AllPatternsOfARuleMustMatch) {
  const RetryStrategy strategy = Attempts(2, {Rule("exit=137,reason=OutOfMemory*:exit")});
  EXPECT_FALSE(Decide(strategy, kOom).retry);
  EXPECT_TRUE(Decide(strategy, {.kind = EndKind::kExited, .code = 137}).retry)
      << "the code alone is not enough";
}

// The rules that AWS's users write for Spot.
TEST(DecideRetry, TheUsualSpotRulesWork) {
  const RetryStrategy spot = Attempts(5, {Rule("status=Host EC2*:retry"), Rule("reason=*:exit")});
  EXPECT_TRUE(Decide(spot, kLost).retry);
  EXPECT_FALSE(Decide(spot, kExit3).retry) << "'*' matches a missing reason";
  EXPECT_FALSE(Decide(spot, kSegv).retry);
}

TEST(AwsReasons, AreTheTextsThatClientsMatch) {
  EXPECT_EQ(AwsStatusReason(kExit3, "i-0abc"), "Essential container in task exited");
  EXPECT_EQ(AwsStatusReason(kOom, "i-0abc"), "Essential container in task exited");
  EXPECT_EQ(AwsStatusReason(kLost, "i-0abc"), "Host EC2 (instance i-0abc) terminated.");
  EXPECT_EQ(AwsStatusReason(kNoProgram, "i-0abc"), "Task failed to start");
  EXPECT_EQ(AwsStatusReason({.kind = EndKind::kTimedOut}, ""), "Job attempt duration exceeded timeout");
  EXPECT_EQ(AwsStatusReason({.kind = EndKind::kDependencyFailed}, ""), "Dependent Job failed");
  EXPECT_EQ(AwsStatusReason({.kind = EndKind::kCancelled, .by = "alice", .reason = "wrong input"}, ""),
            "wrong input");
  EXPECT_EQ(AwsReason(kOom), "OutOfMemoryError: Container killed due to memory usage");
  EXPECT_EQ(AwsReason(kNoProgram), "CannotStartContainerError: /nosuch: no such file");
  EXPECT_EQ(AwsReason(kExit3), "");
}

TEST(ParseEvaluateOnExit, ReadsKeysAndAction) {
  EXPECT_EQ(Rule("exit=137:retry"), (EvaluateOnExit{.on_exit_code = "137", .action = RetryAction::kRetry}));
  EXPECT_EQ(Rule("reason=OutOfMemory*:exit"), (EvaluateOnExit{.on_reason = "OutOfMemory*"}));
  EXPECT_EQ(
      Rule("status=Host EC2*, exit=1*:RETRY"),
      (EvaluateOnExit{.on_status_reason = "Host EC2*", .on_exit_code = "1*", .action = RetryAction::kRetry}));
  EXPECT_EQ(Rule("reason=Cannot:Pull:*:exit").on_reason, "Cannot:Pull:*")
      << "only the last ':' ends the patterns";
}

TEST(ParseEvaluateOnExit, MistakesAreExplained) {
  const auto error = [](std::string_view text) {
    const auto rule = ParseEvaluateOnExit(text);
    return rule ? std::string("parsed") : rule.error().message;
  };
  EXPECT_THAT(error("exit=137"), HasSubstr("must end in :retry or :exit"));
  EXPECT_THAT(error("exit=137:again"), HasSubstr("must end in :retry or :exit"));
  EXPECT_THAT(error("code=137:exit"), HasSubstr("expected exit=, reason= or status=, not 'code=137'"));
  EXPECT_THAT(error(":exit"), HasSubstr("expected exit=, reason= or status="));
  EXPECT_THAT(error("exit=:exit"), HasSubstr("'exit' has no pattern"));
  EXPECT_THAT(error("exit=1,exit=2:exit"), HasSubstr("names 'exit' twice"));
  EXPECT_THAT(error("exit=a:exit"), HasSubstr("only digits and a final '*'"));
  EXPECT_THAT(error("reason=a*b:exit"), HasSubstr("'*' may stand only at the end"));
}

TEST(ValidateRetry, HasAwsLimits) {
  EXPECT_TRUE(Validate(Attempts(1)));
  EXPECT_TRUE(Validate(Attempts(10)));
  EXPECT_FALSE(Validate(Attempts(0)));
  EXPECT_FALSE(Validate(Attempts(11)));
  EXPECT_TRUE(Validate(Attempts(2, std::vector(5, Rule("exit=1:exit")))));
  EXPECT_FALSE(Validate(Attempts(2, std::vector(6, Rule("exit=1:exit")))));
  EXPECT_FALSE(Validate(Attempts(2, {EvaluateOnExit{}})));
  EXPECT_FALSE(Validate(Attempts(2, {{.on_reason = std::string(513, 'x')}})));
}

}  // namespace
}  // namespace bsub
