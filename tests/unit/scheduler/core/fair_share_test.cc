// Queues that go by shares, and priorities of several factors.
#include "scheduler/core/fair_share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scheduler/core/served_order.h"
#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using sched::QueueOrder;
using std::chrono::hours;
using std::chrono::minutes;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ShareWeights, AreReadAndWritten) {
  for (const char* text : {"gold=0.5", "silver*=2", "x=999.9999", "y=0.0001", "a=b=1"})
    EXPECT_EQ(sched::ToString(sched::ParseShareWeight(text).value()), text);
  for (const char* text :
       {"gold", "gold=", "=1", "gold=0", "gold=1000", "gold=1.23456", "gold=1.2.3", "gold=-1"})
    EXPECT_FALSE(sched::ParseShareWeight(text)) << text;
}

TEST(ShareWeights, AMistakeIsToldByItsFieldItsValueAndWhatWasExpected) {
  const auto says = [](std::string_view text) { return sched::ParseShareWeight(text).error().message; };
  EXPECT_EQ(
      says("a="),
      "shares: 'a=': the weight is missing; expected SHARE=WEIGHT with a weight from 0.0001 to 999.9999, "
      "such as gold=0.5");
  EXPECT_THAT(says("gold"), HasSubstr("shares: 'gold': the weight is missing; expected SHARE=WEIGHT"));
  EXPECT_THAT(says("=1"), HasSubstr("shares: '=1': the share has no name; expected"));
  EXPECT_THAT(says("a=x"),
              HasSubstr("shares: 'a=x': the weight 'x' is no number with at most four decimals"));
  EXPECT_THAT(says("a=."), HasSubstr("the weight '.' is no number"));
  EXPECT_THAT(says("a=0.00001"), HasSubstr("the weight '0.00001' is no number with at most four decimals"));
  EXPECT_THAT(says("a=0"), HasSubstr("'a=0': the weight is too small"));
  EXPECT_THAT(says("a=1000"), HasSubstr("'a=1000': the weight is too large"));
  EXPECT_THAT(says("a=99999999999999999999999999"), HasSubstr("too large"));
  EXPECT_THAT(says(std::string(256, 's') + "=1"),
              HasSubstr("the share's name has 256 bytes, of at most 255"));
}

TEST(ShareWeights, MayNotOverlap) {
  const auto check = [](std::vector<sched::ShareWeight> weights) {
    return Says(sched::Validate(sched::FairShare{.weights = std::move(weights)}));
  };
  EXPECT_EQ(check({{"UserA*", 1}, {"UserB*", 1}, {"User", 1}}), "ok");
  EXPECT_THAT(check({{"UserA*", 1}, {"UserA1", 1}}), HasSubstr("may mean the same share"));
  EXPECT_THAT(check({{"UserA*", 1}, {"User*", 1}}), HasSubstr("may mean the same share"));
  EXPECT_THAT(check({{"x", 1}, {"x", 1}}), HasSubstr("may mean the same share"));
}

TEST(ShareUse, HalvesWithEachHalfLife) {
  EXPECT_EQ(sched::Decayed(1000, hours(0), hours(1)), 1000);
  EXPECT_EQ(sched::Decayed(1000, minutes(30), hours(1)), 750);
  EXPECT_EQ(sched::Decayed(1000, hours(1), hours(1)), 500);
  EXPECT_EQ(sched::Decayed(1000, hours(3), hours(1)), 125);
  EXPECT_EQ(sched::Decayed(1000, hours(100), hours(1)), 0);
  // Ten million CPUs for a year are no overflow.
  const std::int64_t huge = std::int64_t{10'000'000} * 1000 * 365 * 86'400;
  EXPECT_GT(sched::Decayed(huge, hours(24 * 300), hours(24 * 365)), huge / 2);
  EXPECT_LT(sched::Decayed(huge, hours(24 * 300), hours(24 * 365)), huge);
}

TEST(ShareUse, WhatIsReservedShrinksWithEachActiveShare) {
  EXPECT_EQ(sched::Reserved(64'000, 50, 1), 32'000);
  EXPECT_EQ(sched::Reserved(64'000, 50, 2), 16'000);
  EXPECT_EQ(sched::Reserved(64'000, 50, 3), 8'000);
  EXPECT_EQ(sched::Reserved(64'000, 0, 1), 0);
}

// Of an equal part one has the factor 1/2: https://slurm.schedmd.com/classic_fair_share.html
TEST(ShareUse, TheFairShareFactorIsThatOfSlurm) {
  EXPECT_DOUBLE_EQ(sched::FairShareFactor(0, 0.3), 1);
  EXPECT_DOUBLE_EQ(sched::FairShareFactor(0.25, 0.25), 0.5);
  // User 4 of that page's example: 25 % of the machine, and 25 % is what it is entitled to; user 3 of the top
  // tier.
  EXPECT_DOUBLE_EQ(sched::FairShareFactor(0.75, 0.25), 0.125);
}

class FairShare : public ::testing::Test {
 protected:
  void Begin(sched::Queue queue, std::int64_t cpus = 4) {
    env.AddNodes(1, Cpus(cpus));
    queue.name = "default";
    ASSERT_TRUE(env.SetQueue(std::move(queue)));
  }
  std::vector<JobId> CycleAndTake() {
    env.Cycle();
    return env.TakeLaunched();
  }
  std::vector<JobId> SubmitMany(int n, const Principal& who) {
    std::vector<JobId> ids;
    for (int i = 0; i < n; ++i) ids.push_back(env.Submit(Job().By(who)));
    env.TakeLaunched();
    return ids;
  }
  Env env;
};

TEST_F(FairShare, OneCycleDividesTheMachineAmongThoseWhoWait) {
  Begin({.order = QueueOrder::kFairShare});
  SubmitMany(10, Alice());
  SubmitMany(10, Bob());
  EXPECT_THAT(CycleAndTake(), ElementsAre(JobId(1), JobId(11), JobId(2), JobId(12)));
}

TEST_F(FairShare, WhoHasUsedMoreOfLateWaits) {
  Begin({.order = QueueOrder::kFairShare}, 1);
  SubmitMany(3, Alice());
  ASSERT_THAT(CycleAndTake(), ElementsAre(JobId(1)));
  env.Start(JobId(1));
  env.Advance(hours(1));
  env.Finish(JobId(1), Exit(0));
  SubmitMany(2, Bob());
  ASSERT_THAT(CycleAndTake(), ElementsAre(JobId(4)));
  env.Start(JobId(4));
  env.Advance(minutes(10));
  env.Finish(JobId(4), Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(JobId(5))) << "ten minutes are less than an hour";
  EXPECT_EQ(env.state().shares.size(), 2u);
}

TEST_F(FairShare, UseIsDurable) {
  Begin({.order = QueueOrder::kFairShare}, 1);
  SubmitMany(2, Alice());
  ASSERT_THAT(CycleAndTake(), ElementsAre(JobId(1)));
  env.Start(JobId(1));
  env.Advance(hours(1));
  env.Finish(JobId(1), Exit(0));
  env.Restart();
  env.Connect("n1");
  SubmitMany(1, Bob());
  EXPECT_THAT(CycleAndTake(), ElementsAre(JobId(3)));
  env.RestartFromState();
  env.Connect("n1");
  env.Finish(JobId(3), Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(JobId(2)));
}

TEST_F(FairShare, ALowerWeightGetsMore) {
  Begin({.order = QueueOrder::kFairShare, .fair_share = {.weights = {{"bob", 2'500}}}}, 10);
  SubmitMany(20, Alice());
  SubmitMany(20, Bob());
  int bobs = 0;
  for (const JobId id : CycleAndTake()) bobs += id > JobId(20);
  EXPECT_EQ(bobs, 8) << "four times as much";
}

TEST_F(FairShare, WithinAShareAHigherPriorityGoesFirst) {
  Begin({.order = QueueOrder::kFairShare}, 2);
  env.Submit(Job());
  const JobId urgent = env.Submit(Job().Priority(10));
  const JobId bobs = env.Submit(Job().By(Bob()));
  env.TakeLaunched();
  EXPECT_THAT(CycleAndTake(), ElementsAre(urgent, bobs));
}

TEST_F(FairShare, AReserveWaitsForSharesThatRunNothing) {
  Begin({.order = QueueOrder::kFairShare, .fair_share = {.compute_reservation = 50}}, 8);
  SubmitMany(10, Alice());
  EXPECT_THAT(CycleAndTake(), ElementsAre(JobId(1), JobId(2), JobId(3), JobId(4)));
  EXPECT_THAT(env.Explain(JobId(5)), HasSubstr("--compute-reservation"));
  SubmitMany(10, Bob());
  EXPECT_THAT(CycleAndTake(), ElementsAre(JobId(11), JobId(12))) << "a quarter is left for a third";
}

// AWS Batch: a share is active while it has jobs, and until the decay window has passed.
TEST_F(FairShare, AShareIsActiveWhileItWaitsAndForAHalfLifeAfter) {
  Begin({.order = QueueOrder::kFairShare, .fair_share = {.half_life = hours(1), .compute_reservation = 50}},
        8);
  SubmitMany(1, Bob());
  SubmitMany(10, Alice());
  ASSERT_EQ(CycleAndTake().size(), 6u) << "of 8 a quarter is left for a third";
  env.Finish(JobId(1), Exit(0));
  EXPECT_EQ(CycleAndTake().size(), 1u) << "Bob's share is still active: Alice may have 6";
  env.Finish(JobId(2), Exit(0));
  env.Advance(hours(2));
  EXPECT_THAT(CycleAndTake(), IsEmpty()) << "now half is left again, and Alice has more than that";
  EXPECT_THAT(env.Explain(JobId(11)),
              HasSubstr("keeps 4 of 8 CPUs free for shares that are not active yet (1 is)"));
}

TEST_F(FairShare, ComesIntoForceForWhatRunsAlready) {
  Begin({}, 2);
  SubmitMany(3, Alice());
  ASSERT_THAT(CycleAndTake(), ElementsAre(JobId(1), JobId(2)));
  env.Start(JobId(1));
  env.Start(JobId(2));
  env.Advance(hours(1));
  ASSERT_TRUE(env.SetQueue({.name = "default", .order = QueueOrder::kFairShare}));
  SubmitMany(1, Bob());
  env.Finish(JobId(1), Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(JobId(4)));
  ASSERT_TRUE(env.SetQueue({.name = "default"}));
  env.Finish(JobId(2), Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(JobId(3)));
}

TEST_F(FairShare, BadSettingsAreRefusedByName) {
  const auto says = [this](sched::Queue queue) {
    queue.name = "q";
    return Says(env.SetQueue(std::move(queue)));
  };
  EXPECT_THAT(says({.fair_share = {.half_life = Duration(1)}}),
              HasSubstr("share_decay 0ms: expected 1 minute to 1 year"));
  EXPECT_THAT(says({.fair_share = {.compute_reservation = 100}}), HasSubstr("compute_reservation 100"));
  EXPECT_THAT(says({.weights = {.age = -1}}), HasSubstr("weights: -1"));
  EXPECT_THAT(says({.overdue_after = Duration(-1)}), HasSubstr("overdue_after"));
}

TEST_F(FairShare, MultifactorWeighsWaitingUseAndPriority) {
  Begin({.order = QueueOrder::kMultifactor,
         .weights = {.age = 1000, .fair_share = 400, .priority = 200, .max_age = hours(10)}},
        1);
  SubmitMany(1, Alice());
  ASSERT_THAT(CycleAndTake(), ElementsAre(JobId(1)));
  env.Start(JobId(1));
  env.Advance(hours(1));
  const JobId old = SubmitMany(1, Alice()).front();
  env.Advance(hours(1));
  const JobId fresh = SubmitMany(1, Bob()).front();
  env.Finish(JobId(1), Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(fresh)) << "an hour of waiting is worth less than two of use";
  env.Finish(fresh, Exit(0));
  env.Advance(hours(5));
  const JobId urgent = env.Submit(Job().By(Bob()).Priority(100));
  env.TakeLaunched();
  EXPECT_THAT(CycleAndTake(), ElementsAre(old)) << "six hours are worth more than priority and use";
  env.Finish(old, Exit(0));
  EXPECT_THAT(CycleAndTake(), ElementsAre(urgent));
}

// A stream of small jobs against one that needs the whole cluster.
struct Production {
  QueueOrder order;
  sched::Backfill backfill;
};
class NoStarvation : public ::testing::TestWithParam<Production> {};

TEST_P(NoStarvation, TheWideOneStartsThoughSmallOnesComeAllTheTime) {
  Env env;
  env.AddNodes(4, Cpus(2));
  ASSERT_TRUE(env.SetQueue({.name = "default",
                            .order = GetParam().order,
                            .backfill = GetParam().backfill,
                            .overdue_after = hours(24)}));
  std::vector<JobId> running;
  JobId wide;
  // Every ten minutes four that take half an hour, of several users: half as many again as there is room for.
  for (int round = 0; round < 6 * 60; ++round) {
    for (int i = 0; i < 4; ++i) {
      const Principal who{.uid = 2000u + static_cast<std::uint32_t>(round % 5),
                          .name = "u" + std::to_string(round % 5)};
      env.Submit(Job().By(who).Walltime(minutes(30)));
    }
    if (round == 3) wide = env.Submit(Job().Nodes(4).Cpus(2).Walltime(minutes(30)));
    env.TakeLaunched();
    env.Cycle();
    for (const JobId id : env.TakeLaunched()) {
      if (id == wide) return;
      env.Start(id);
      running.push_back(id);
    }
    env.Advance(minutes(10));
    std::erase_if(running, [&env](JobId id) {
      if (env.now() - env.TaskOf(id).attempt->started_at < minutes(30)) return false;
      env.Finish(id, Exit(0));
      return true;
    });
  }
  ADD_FAILURE() << "it did not start within " << 60 << " hours: " << env.Explain(wide);
}

INSTANTIATE_TEST_SUITE_P(EveryPolicy, NoStarvation,
                         ::testing::Values(Production{QueueOrder::kPriority, sched::Backfill::kSpare},
                                           Production{QueueOrder::kPriority, sched::Backfill::kNone},
                                           Production{QueueOrder::kPriority, sched::Backfill::kEasy},
                                           Production{QueueOrder::kPriority, sched::Backfill::kShortest},
                                           Production{QueueOrder::kPriority, sched::Backfill::kConservative},
                                           Production{QueueOrder::kFairShare, sched::Backfill::kSpare},
                                           Production{QueueOrder::kFairShare, sched::Backfill::kEasy},
                                           Production{QueueOrder::kFairShare, sched::Backfill::kConservative},
                                           Production{QueueOrder::kMultifactor, sched::Backfill::kSpare},
                                           Production{QueueOrder::kMultifactor, sched::Backfill::kEasy},
                                           Production{QueueOrder::kMultifactor,
                                                      sched::Backfill::kConservative},
                                           Production{QueueOrder::kBalanced, sched::Backfill::kShortest},
                                           Production{QueueOrder::kShortest, sched::Backfill::kEasy},
                                           Production{QueueOrder::kSmallest, sched::Backfill::kEasy},
                                           Production{QueueOrder::kWfp3, sched::Backfill::kEasy}),
                         [](const auto& named) {
                           std::string name = std::string(sched::ToString(named.param.order)) + "_" +
                                              std::string(sched::ToString(named.param.backfill));
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace bsub::testing
