// Whoever is overdue goes first, and the start that was given to it is never moved later, whatever ends early
// and whatever comes.
#include <gmock/gmock.h>

#include <random>
#include <tuple>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using namespace std::chrono_literals;
using sched::Backfill;
using sched::QueueOrder;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Overdue, TheLongestWaitGoesFirstWhateverThePriority) {
  Env env;
  env.AddNodes(1, Cpus(1));
  ASSERT_TRUE(env.SetQueue({.name = "q", .order = QueueOrder::kShortest, .overdue_after = 2h}));
  const JobId runs = env.Submit(Job().Queue("q").Walltime(10h));
  env.Cycle();
  const JobId old = env.Submit(Job().Queue("q").Walltime(5h));
  env.Advance(1h);
  const JobId urgent = env.Submit(Job().Queue("q").Walltime(1h).Priority(5));
  env.Advance(2h);
  env.TakeLaunched();
  env.Finish(runs, Exit(0));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(old)) << "both are overdue";
  env.Finish(old, Exit(0));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(urgent));
}

// One that came before it to the same class, but was not to begin until now, or failed and is tried again.
class OverdueBehindAnother : public ::testing::TestWithParam<Backfill> {};

TEST_P(OverdueBehindAnother, GoesFirstAndKeepsItsNodes) {
  Env env;
  env.AddNodes(2, Cpus(3));
  const sched::Queue queue{
      .name = "q", .order = QueueOrder::kBalanced, .backfill = GetParam(), .overdue_after = 2h};
  ASSERT_TRUE(env.SetQueue(queue));
  std::vector<JobId> running;
  for (const Duration limit : {Duration(10h), Duration(9h)}) {
    running.push_back(env.Submit(Job().Queue("q").Cpus(2).Walltime(limit)));
    env.Cycle();
    env.Start(running.back());
  }
  const Job same = Job().Queue("q").Cpus(2).Walltime(1h);
  const JobId unripe = env.Submit(Job(same).BeginAt(env.now() + 3h)), old = env.Submit(same);
  env.TakeLaunched();
  env.Advance(2h);
  env.Cycle();
  const auto given = env.scheduler().ReservedStart(old);
  ASSERT_TRUE(given);
  env.Advance(1h);
  env.Cycle();
  EXPECT_EQ(env.scheduler().ReservedStart(old), given) << "the other has begun to wait";
  env.Finish(running[0], Exit(0));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(old));
  env.Finish(running[1], Exit(0));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(unripe));
}

// What was kept for the first of the class while nobody was overdue is then for the longest wait, and stays
// so.
TEST_P(OverdueBehindAnother, TakesOverWhatIsKeptForTheFirst) {
  Env env;
  env.AddNodes(2, Cpus(3));
  const sched::Queue queue{
      .name = "q", .order = QueueOrder::kBalanced, .backfill = GetParam(), .overdue_after = 3h};
  ASSERT_TRUE(env.SetQueue(queue));
  const JobId runs = env.Submit(Job().Queue("q").Cpus(2).Nodes(2).Walltime(10h));
  env.Cycle();
  for (const char* node : {"n1", "n2"}) env.Start(runs, node);
  const Job same = Job().Queue("q").Cpus(2).Walltime(1h);
  env.Submit(Job(same).BeginAt(env.now() + 1h));
  const JobId old = env.Submit(same);
  env.Advance(2h);
  env.Cycle();
  env.Advance(1h);
  env.Cycle();
  const auto given = env.scheduler().ReservedStart(old);
  EXPECT_TRUE(given);
  env.Cycle();
  EXPECT_EQ(env.scheduler().ReservedStart(old), given);
}

INSTANTIATE_TEST_SUITE_P(EveryBackfillByTime, OverdueBehindAnother,
                         ::testing::Values(Backfill::kEasy, Backfill::kShortest, Backfill::kConservative));

using OverdueMode = std::tuple<Backfill, QueueOrder, std::uint32_t>;
class OverdueWalk : public ::testing::TestWithParam<OverdueMode> {};

TEST_P(OverdueWalk, AStartOnceGivenIsNeverMovedLater) {
  const auto [backfill, order, seed] = GetParam();
  std::mt19937 random(seed);
  const auto pick = [&random](std::uint32_t n) { return static_cast<int>(random() % n); };
  Env env;
  env.AddNodes(4, Cpus(4));
  ASSERT_TRUE(env.SetQueue({.name = "q", .order = order, .backfill = backfill, .overdue_after = 2h}));
  struct Live {
    TimePoint ends;
    TimePoint limit;
  };
  std::map<JobId, Live> live;
  std::map<JobId, TimePoint> given;
  int checked = 0;
  for (int step = 0; step < 150; ++step) {
    for (int i = pick(5); i > 0; --i) {
      Job job = Job().Queue("q").Cpus(1 + pick(4)).Walltime((1 + pick(12)) * 10min).Priority(pick(3));
      job.By(pick(2) ? Alice() : Bob());
      if (pick(5) == 0) job.Nodes(2 + static_cast<std::uint32_t>(pick(3))).Cpus(3);
      env.Submit(job);
    }
    env.Cycle();
    for (const sched::LaunchTask& launch : env.TakeLaunches()) {
      const JobId id = launch.attempt.task.job;
      const Duration limit = launch.settings->walltime;
      live[id] = {env.now() + (1 + pick(100)) * limit / 100, env.now() + limit};
      if (const auto promised = given.find(id); promised != given.end()) {
        EXPECT_LE(env.now(), promised->second) << "job " << id.value() << " started later";
      }
    }
    for (const auto& [id, job] : env.state().jobs) {
      const bool waits = job.waiting_class && env.now() - job.submitted_at >= 2h;
      const auto start = waits ? env.scheduler().ReservedStart(id) : std::nullopt;
      if (!start) continue;
      const auto [known, fresh] = given.try_emplace(id, *start);
      EXPECT_LE(*start, known->second) << "job " << id.value() << " at step " << step;
      known->second = std::min(known->second, *start);
      checked += !fresh;
    }
    env.Advance(10min);
    for (auto it = live.begin(); it != live.end();) {
      if (it->second.ends > env.now()) {
        ++it;
        continue;
      }
      // Every part of a gang ends.
      const sched::Attempt* attempt = env.TaskOf(it->first).attempt.get();
      std::vector<std::string> nodes;
      sched::ForEachPart(
          *attempt, [&](NodeId node, bool) { nodes.push_back(env.state().nodes.at(node).description.name); });
      for (const std::string& node : nodes) env.Finish(it->first, Exit(0), node);
      it = live.erase(it);
    }
  }
  EXPECT_GT(checked, 20) << "or nothing was shown";
}

// A job of all nodes has waited for three hours, for one that runs on the first of them and may do so for
// seven more.
class OverdueNodes : public ::testing::TestWithParam<Backfill> {
 protected:
  OverdueNodes() {
    env.AddNodes(100, Cpus(1));
    const sched::Queue queue{
        .name = "q", .order = QueueOrder::kBalanced, .backfill = GetParam(), .overdue_after = 2h};
    EXPECT_TRUE(env.SetQueue(queue));
    runs = env.Submit(Job().Queue("q").Walltime(10h));
    env.Cycle();
    env.Start(runs);
    wide = env.Submit(Job().Queue("q").Nodes(100).Walltime(1h));
    env.Advance(3h);
    env.Cycle();
    env.TakeLaunched();
    given = env.scheduler().ReservedStart(wide);
    for (int i = 0; i < 3; ++i) env.Submit(Job().Queue("q").By(Bob()).Walltime(20h));
  }
  std::vector<JobId> CycleAndTake() {
    env.Cycle();
    return env.TakeLaunched();
  }
  void ExpectItsStart(std::string_view when) {
    EXPECT_EQ(env.scheduler().ReservedStart(wide), given) << when;
  }

  Env env;
  JobId runs, wide;
  std::optional<TimePoint> given;  // none where nothing goes by time
};

TEST_P(OverdueNodes, ANodeOutOfContactForAMomentIsKept) {
  env.Disconnect("n2");
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  ExpectItsStart("out of contact");
  env.Connect("n2");
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  ExpectItsStart("back");
  env.Advance(7h);
  env.Finish(runs, Exit(0));
  EXPECT_THAT(CycleAndTake(), AllOf(SizeIs(100), Each(wide)));
}

TEST_P(OverdueNodes, ANodeThatRestsAfterAFailedStartIsKept) {
  if (!given) GTEST_SKIP() << "nothing starts beside it";
  const JobId quick = env.Submit(Job().Queue("q").By(Bob()).Walltime(1h));
  EXPECT_THAT(CycleAndTake(), ElementsAre(quick));
  sched::TaskEnded refused{env.node("n2").id, env.node("n2").incarnation, {{quick, 0}, 1}, {}, {}};
  refused.end = {EndKind::kNodeLost, 0, "", "no space left on device"};
  refused.node_fault = true;
  env.Handle(refused);
  EXPECT_THAT(CycleAndTake(), ElementsAre(quick)) << "on another node";
  ExpectItsStart("while the node rests");
  env.Advance(1min);
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  ExpectItsStart("after its rest");
}

TEST_P(OverdueNodes, AreKeptWhileTheyComeBackOneByOneAfterARestart) {
  env.Restart();
  for (int i = 1; i <= 100; ++i) {
    env.Connect("n" + std::to_string(i));
    ASSERT_THAT(CycleAndTake(), IsEmpty()) << i << " nodes are back";
  }
  ExpectItsStart("all are back");
}

TEST_P(OverdueNodes, AreLetGoWhenOneDoesNotComeBack) {
  env.Disconnect("n2");
  EXPECT_THAT(CycleAndTake(), IsEmpty());
  env.Advance(2min);
  EXPECT_TRUE(env.cycle_wanted()) << "its lease is over";
  EXPECT_THAT(CycleAndTake(), SizeIs(3));
}

INSTANTIATE_TEST_SUITE_P(EveryBackfill, OverdueNodes,
                         ::testing::Values(Backfill::kSpare, Backfill::kEasy, Backfill::kShortest,
                                           Backfill::kConservative));

INSTANTIATE_TEST_SUITE_P(
    EveryBackfillByTime, OverdueWalk,
    ::testing::Combine(::testing::Values(Backfill::kEasy, Backfill::kShortest, Backfill::kConservative),
                       ::testing::Values(QueueOrder::kShortest, QueueOrder::kBalanced, QueueOrder::kFairShare,
                                         QueueOrder::kMultifactor),
                       ::testing::Values(1u, 2u, 3u)));

}  // namespace
}  // namespace bsub::testing
