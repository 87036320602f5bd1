// When a task will probably start: the state played forward with run times as they were.
#include "scheduler/core/start_study.h"

#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using namespace std::chrono_literals;
using sched::RecentSubmits;
using sched::RunTimes;
using sched::StartOutlook;
using sched::StartStudy;

TEST(RunTimes, AreDrawnAsPartsOfTheTimeLimit) {
  RunTimes times;
  for (int i = 0; i < 10; ++i) times.Add(1, 100s, 25s);
  for (const std::uint64_t random : {0, 1, 7, 1000}) EXPECT_EQ(times.Draw(1, 40min, 0s, random), 10min);
}

TEST(RunTimes, OfWhatRunsAlreadyAreLonger) {
  RunTimes times;
  for (int i = 0; i < 10; ++i) times.Add(1, 100s, i < 5 ? 10s : 90s);
  for (std::uint64_t random = 0; random < 20; ++random) EXPECT_EQ(times.Draw(1, 100s, 10s, random), 90s);
  EXPECT_EQ(times.Draw(1, 100s, 95s, 3), 100s) << "nothing known took so long: it runs to its limit";
}

TEST(RunTimes, OfOtherUsersCountWhereAUserHasFew) {
  RunTimes times;
  for (int i = 0; i < 10; ++i) times.Add(2, 100s, 50s);
  EXPECT_EQ(times.Draw(1, 100s, 0s, 4), 50s);
  for (int i = 0; i < 10; ++i) times.Add(1, 100s, 20s);
  for (std::uint64_t random = 0; random < 20; ++random) EXPECT_EQ(times.Draw(1, 100s, 0s, random), 20s);
}

TEST(RunTimes, WithoutALimitAreAsTheyWereOrNotKnown) {
  RunTimes times;
  times.Add(1, 100s, 50s);
  EXPECT_EQ(times.Draw(1, 0s, 0s, 1), std::nullopt);
  times.Add(1, 0s, 7s);
  EXPECT_EQ(times.Draw(1, 0s, 0s, 1), 7s);
}

TEST(RunTimes, AreForgottenForNewerOnes) {
  RunTimes times;
  for (std::size_t i = 0; i < RunTimes::kKeptPerUser; ++i) times.Add(1, 100s, 10s);
  for (std::size_t i = 0; i < RunTimes::kKeptPerUser; ++i) times.Add(1, 100s, 60s);
  EXPECT_EQ(times.KnownOf(1), RunTimes::kKeptPerUser);
  for (std::uint64_t random = 0; random < 20; ++random) EXPECT_EQ(times.Draw(1, 100s, 0s, random), 60s);
}

TEST(RecentSubmits, AreKeptWithTheirGaps) {
  RecentSubmits submits;
  const JobSpec spec = Job().spec();
  const TimePoint begin(1'000'000);
  for (std::size_t i = 0; i + 1 < RecentSubmits::kEnough; ++i)
    submits.Add(begin + 10s * static_cast<std::int64_t>(i), spec);
  EXPECT_TRUE(submits.InOrder().empty()) << "too few to say what will come";
  submits.Add(begin + 10s * static_cast<std::int64_t>(RecentSubmits::kEnough - 1), spec);
  EXPECT_EQ(submits.InOrder().size(), RecentSubmits::kEnough);
  for (const RecentSubmits::Arrival& arrival : submits.InOrder()) EXPECT_EQ(arrival.gap, Duration(10s));
}

TEST(RecentSubmits, TheNewestAreKeptTheOldestFirst) {
  RecentSubmits submits;
  const JobSpec old = Job().Cpus(1).spec(), young = Job().Cpus(2).spec();
  std::size_t gone = 0;
  for (std::size_t i = 0; i < RecentSubmits::kKept; ++i)
    submits.Add(TimePoint(static_cast<std::int64_t>(i) + 1), old);
  for (int i = 0; i < 3; ++i) gone += submits.Add(TimePoint(5'000'000 + i), young) == old.settings;
  EXPECT_EQ(gone, 3u);
  const auto kept = submits.InOrder();
  ASSERT_EQ(kept.size(), RecentSubmits::kKept);
  EXPECT_EQ(kept.front().settings, old.settings);
  EXPECT_EQ(kept.back().settings, young.settings);
  EXPECT_EQ(kept.back().gap, Duration(1));
}

TEST(RecentSubmits, WhatWaitsForOthersOrForPeopleIsNoGuide) {
  RecentSubmits submits;
  for (std::size_t i = 0; i < RecentSubmits::kEnough; ++i) {
    submits.Add(TimePoint(1), Job().Held().spec());
    submits.Add(TimePoint(1), Job().After("done(1)").spec());
    submits.Add(TimePoint(1), Job().BeginAt(TimePoint(9)).spec());
  }
  EXPECT_TRUE(submits.InOrder().empty());
}

class StartStudyTest : public ::testing::Test {
 protected:
  StartStudyTest() { env.AddNodes(2, Cpus(2)); }

  // Alice's jobs take so long of their ten minutes, one after the other.
  void Learn(const std::vector<Duration>& ran) {
    for (const Duration time : ran) {
      const JobId job = env.Submit(Job().Walltime(10min));
      env.Cycle();
      env.Start(job);
      env.Advance(time);
      env.Finish(job, Exit(0));
    }
    static_cast<void>(env.TakeLaunches());
  }
  JobId RunWide(const Job& job) {
    const JobId id = env.Submit(job);
    env.Cycle();
    for (const char* node : {"n1", "n2"}) env.Start(id, node);
    static_cast<void>(env.TakeLaunches());
    return id;
  }
  std::shared_ptr<const StartStudy> StudyOf(JobId id, std::optional<std::uint32_t> ordinal = std::nullopt) {
    const std::uint64_t hash = env.scheduler().state_hash();
    const auto forecast = env.scheduler().ForecastOf({id, ordinal}, env.now(), 1000);
    EXPECT_EQ(env.scheduler().state_hash(), hash);
    return forecast ? forecast->study : nullptr;
  }

  Env env;
};

TEST_F(StartStudyTest, GoesByWhatTasksReallyTook) {
  Learn(std::vector<Duration>(10, 5min));
  RunWide(Job().Nodes(2).Cpus(2).Walltime(2h));
  const TimePoint began = env.now();
  env.Advance(10min);
  const JobId waits = env.Submit(Job().Walltime(1h));
  const auto study = StudyOf(waits);
  ASSERT_TRUE(study);
  EXPECT_EQ(study->position(), 1u);
  const StartOutlook outlook = study->Run();
  EXPECT_EQ(outlook.p50, began + 1h) << "half of the two hours, on both nodes";
  EXPECT_EQ(outlook.p90, began + 1h);
  EXPECT_EQ(outlook.plays, 40u);
  const auto forecast = env.scheduler().ForecastOf({waits, std::nullopt}, env.now(), 1000);
  EXPECT_EQ(forecast->starts_at, began + 2h) << "at the latest";
}

TEST_F(StartStudyTest, TheLessIsKnownTheLaterTheP90) {
  Learn({1min, 9min, 1min, 9min, 1min, 9min, 1min, 9min, 1min, 1min, 1min, 9min});
  RunWide(Job().Nodes(2).Cpus(2).Walltime(10min));
  const TimePoint began = env.now();
  const JobId waits = env.Submit(Job().Walltime(10min));
  const StartOutlook outlook = StudyOf(waits)->Run();
  EXPECT_EQ(outlook.p90, began + 9min);
  const StartOutlook again = StudyOf(waits)->Run();
  EXPECT_EQ(again.p50, outlook.p50) << "equal questions have equal answers";
}

TEST_F(StartStudyTest, CountsWhoIsServedBefore) {
  Learn(std::vector<Duration>(10, 5min));
  RunWide(Job().Nodes(2).Cpus(2).Walltime(10min));
  const TimePoint began = env.now();
  env.Submit(Job().Nodes(2).Cpus(2).Walltime(20min));
  const JobId array = env.Submit(Job().Array("1-6").Cpus(2).Walltime(10min));
  const JobId last = env.Submit(Job().Cpus(2).Walltime(10min));
  EXPECT_EQ(StudyOf(array, 3)->position(), 5u);
  EXPECT_EQ(StudyOf(last)->position(), 8u);
  EXPECT_EQ(StudyOf(array, 0)->Run().p90, began + 15min);
  EXPECT_EQ(StudyOf(array, 3)->Run().p90, began + 20min) << "two at a time";
  EXPECT_EQ(StudyOf(last)->Run().p50, began + 30min);
}

TEST_F(StartStudyTest, SaysWhatIsReserved) {
  ASSERT_TRUE(env.SetQueue({.name = "default", .backfill = sched::Backfill::kEasy}));
  RunWide(Job().Nodes(2).Cpus(1).Walltime(10min));
  const TimePoint began = env.now();
  const JobId first = env.Submit(Job().Cpus(2).Walltime(10min));
  const JobId second = env.Submit(Job().Cpus(2).Walltime(10min));
  env.Cycle();
  EXPECT_EQ(StudyOf(first)->reserved_at(), began + 10min);
  EXPECT_FALSE(StudyOf(second)->reserved_at().set());
}

TEST_F(StartStudyTest, HasNoAnswerWhereNothingIsKnown) {
  RunWide(Job().Nodes(2).Cpus(2));  // no limit, and nobody's tasks without one have ended yet
  const StartOutlook outlook = StudyOf(env.Submit(Job()))->Run();
  EXPECT_FALSE(outlook.p50.set());
  EXPECT_FALSE(outlook.p90.set());
}

TEST_F(StartStudyTest, IsNotMadeOfWhatMayNotStart) {
  EXPECT_EQ(StudyOf(env.Submit(Job().Held())), nullptr);
  const JobId runs = RunWide(Job().Nodes(2).Cpus(2).Walltime(1h));
  EXPECT_EQ(StudyOf(runs), nullptr);
  EXPECT_EQ(StudyOf(env.Submit(Job().After("done(" + std::to_string(runs.value()) + ")"))), nullptr);
}

TEST(StartStudyLimits, MoreThanMayBeLookedAtHasNoAnswer) {
  sched::Settings settings = Env::DefaultSettings();
  settings.study.max_looked = 3;
  Env env(settings);
  env.AddNodes(1, Cpus(1));
  JobId last;
  for (int i = 0; i < 3; ++i) last = env.Submit(Job().Walltime(1h));
  const auto few = env.scheduler().ForecastOf({last, std::nullopt}, env.now(), 1000);
  EXPECT_EQ(few->study->position(), 3u);
  last = env.Submit(Job().Walltime(1h));
  const auto many = env.scheduler().ForecastOf({last, std::nullopt}, env.now(), 1000);
  EXPECT_EQ(many->study->position(), 0u);
  EXPECT_FALSE(many->study->Run().p90.set());
}

TEST(StartStudyLimits, AnArrayCountsByItsSize) {
  sched::Settings settings = Env::DefaultSettings();
  settings.study.max_looked = 50;
  Env env(settings);
  env.AddNodes(1, Cpus(1));
  const JobId small = env.Submit(Job().Array("1-40000").Walltime(1h));
  EXPECT_EQ(env.scheduler().ForecastOf({small, 5}, env.now(), 1000)->study->position(), 6u);
  const JobId large = env.Submit(Job().Array("1-60000").Walltime(1h));
  EXPECT_EQ(env.scheduler().ForecastOf({large, 5}, env.now(), 1000)->study->position(), 0u);
}

TEST_F(StartStudyTest, WhatWaitsForOthersStaysAsItStands) {
  Learn(std::vector<Duration>(10, 5min));
  const JobId first = env.Submit(Job().Array("1-100").Cpus(2).Walltime(10min));
  const JobId second = env.Submit(Job().Array("1-100").Cpus(2).Walltime(10min).Priority(1).After(
      "n_to_n(" + std::to_string(first.value()) + ")"));
  ASSERT_TRUE(env.Hold(Child(first, 4)));
  env.Cycle();
  for (int i = 1; i <= 2; ++i) env.Finish(Child(first, i), Exit(0));
  ASSERT_TRUE(env.Hold(first));
  const JobId last = env.Submit(Job().Cpus(2).Walltime(10min));
  const auto study = StudyOf(last);
  EXPECT_EQ(study->position(), 3u) << "two of the second array may start";
  EXPECT_EQ(study->Run().p90, env.now() + 5min) << "and need half of their limit";
  EXPECT_EQ(StudyOf(second, 1)->Run().p90, env.now());
}

TEST(StartStudyLimits, FewerPlaysThanItTakesAreNoAnswer) {
  sched::Settings settings = Env::DefaultSettings();
  settings.study.max_steps = 20;
  Env env(settings);
  env.AddNodes(1, Cpus(1));
  env.Submit(Job().Walltime(1h));
  const JobId second = env.Submit(Job().Walltime(1h));
  const auto study = env.scheduler().ForecastOf({second, std::nullopt}, env.now(), 1000)->study;
  EXPECT_EQ(study->position(), 2u);
  EXPECT_FALSE(study->Run().p90.set());
}

TEST_F(StartStudyTest, IsStoppedInTheMiddleOfAPlay) {
  Learn(std::vector<Duration>(10, 5min));
  RunWide(Job().Nodes(2).Cpus(2).Walltime(10min));
  env.Submit(Job().Array("1-200").Cpus(2).Walltime(10min));
  const auto study = StudyOf(env.Submit(Job().Cpus(2).Walltime(10min)));
  int asked = 0;
  const auto count = [&asked] { return ++asked < 0; };
  EXPECT_FALSE(study->Run(count).stopped);
  const int of_a_play = asked / 40;
  EXPECT_GT(of_a_play, 10) << "it is asked many times in each play";
  for (const int yes_at : {1, 2, of_a_play / 2, of_a_play + 3}) {
    asked = 0;
    const StartOutlook outlook = study->Run([&] { return ++asked >= yes_at; });
    EXPECT_TRUE(outlook.stopped);
    EXPECT_FALSE(outlook.p50.set());
    EXPECT_LE(asked, yes_at + 2) << "the first yes is the end";
  }
}

TEST_F(StartStudyTest, WhatStartsAtOnceStartsNow) {
  const StartOutlook outlook = StudyOf(env.Submit(Job().Walltime(1h)))->Run();
  EXPECT_EQ(outlook.p50, env.now());
  EXPECT_EQ(outlook.p90, env.now());
}

TEST_F(StartStudyTest, ATrialHasTheSameAnswerAsTheJobOnceItIsThere) {
  Learn({1min, 9min, 4min, 9min, 1min, 9min, 2min, 9min, 1min, 1min, 6min, 9min});
  RunWide(Job().Nodes(2).Cpus(2).Walltime(1h));
  env.Submit(Job().Nodes(2).Cpus(2).Walltime(20min));
  const Job job = Job().Cpus(2).Walltime(10min);
  const auto trial = env.scheduler().TrySubmit(job.who(), job.spec(), env.now(), 1000);
  ASSERT_TRUE(trial);
  ASSERT_TRUE(trial->forecast.study);
  const StartOutlook tried = trial->forecast.study->Run();
  const auto study = StudyOf(env.Submit(job));
  EXPECT_EQ(trial->forecast.study->position(), study->position());
  const StartOutlook there = study->Run();
  EXPECT_TRUE(tried.p90.set());
  EXPECT_EQ(tried.p50, there.p50);
  EXPECT_EQ(tried.p90, there.p90);
}

}  // namespace
}  // namespace bsub::testing
