// Dependencies: every condition on every kind of target, AWS Batch's SEQUENTIAL and N_TO_N, what can never be
// met, and requeued parents. Expressions at random are in dependency_random_test.cc.
#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What the waiter's state says about its dependency: M(et), N(ever), or '.' for open.
char Verdict(const Env& env, const TaskName& waiter) {
  switch (env.StateOf(waiter)) {
    case JobState::kRunnable:
      return 'M';
    case JobState::kFailed:
      return 'N';
    case JobState::kPending:
      return '.';
    default:
      return '?';
  }
}

// Brings the parent to: waiting, running, succeeded, exit 3, exit 0 after a cancel, cancelled while waiting.
enum class Fate { kWaiting, kRunning, kSucceeded, kExit3, kCancelledWaiting };
constexpr Fate kFates[] = {Fate::kWaiting, Fate::kRunning, Fate::kSucceeded, Fate::kExit3,
                           Fate::kCancelledWaiting};

void Bring(Env& env, const TaskName& task, Fate fate) {
  if (fate == Fate::kWaiting) return;
  if (fate == Fate::kCancelledWaiting) {
    ASSERT_TRUE(env.Cancel(task));
    return;
  }
  env.Start(task);
  if (fate == Fate::kSucceeded) env.Finish(task, Exit(0));
  if (fate == Fate::kExit3) env.Finish(task, Exit(3));
}

// The verdict for each fate in order. The waiter never fits the node, so that it stays RUNNABLE.
std::string Verdicts(const std::string& condition, bool submit_first) {
  std::string verdicts;
  for (const Fate fate : kFates) {
    Env env;
    env.AddNodes(1, Cpus(1));
    const JobId parent = env.Submit(Job());
    if (fate != Fate::kWaiting && fate != Fate::kCancelledWaiting) env.Cycle();
    JobId waiter;
    if (submit_first) waiter = env.Submit(Job().Cpus(99).After(condition));
    Bring(env, parent, fate);
    if (!submit_first) waiter = env.Submit(Job().Cpus(99).After(condition));
    verdicts += Verdict(env, waiter);
  }
  return verdicts;
}

struct Row {
  const char* condition;
  const char* verdicts;  // waiting, running, succeeded, exit 3, cancelled while waiting
};

class PlainConditions : public ::testing::TestWithParam<Row> {};

TEST_P(PlainConditions, FollowTheParent) {
  EXPECT_EQ(Verdicts(GetParam().condition, true), GetParam().verdicts);
  EXPECT_EQ(Verdicts(GetParam().condition, false), GetParam().verdicts) << "submitted afterwards";
}

INSTANTIATE_TEST_SUITE_P(
    Table, PlainConditions,
    ::testing::Values(Row{"done(1)", "..MNN"}, Row{"ended(1)", "..MMM"}, Row{"started(1)", ".MMMN"},
                      Row{"exit(1)", "..NMM"}, Row{"exit(1,3)", "..NMN"}, Row{"exit(1,!=3)", "..NNM"},
                      Row{"exit(1,>2)", "..NMM"}, Row{"exit(1,125)", "..NNM"}, Row{"!done(1)", "..NMM"},
                      Row{"!ended(1)", "..NNN"}, Row{"!started(1)", ".NNNM"}, Row{"!exit(1)", "..MNN"},
                      Row{"done(1) || exit(1)", "..MMM"}, Row{"done(1) && exit(1)", "..NNN"}));

// --- whole arrays and single children

TEST(ArrayConditions, AWholeArrayIsJudgedOnceItIsOver) {
  Env env;
  env.AddNodes(1, Cpus(2));
  env.Submit(Job().Array("1-2"));
  const JobId done = env.Submit(Job().Cpus(99).After("done(1)"));
  const JobId ended = env.Submit(Job().Cpus(99).After("ended(1)"));
  const JobId started = env.Submit(Job().Cpus(99).After("started(1)"));
  const JobId failed = env.Submit(Job().Cpus(99).After("exit(1)"));
  const JobId with_7 = env.Submit(Job().Cpus(99).After("exit(1,7)"));
  const JobId with_8 = env.Submit(Job().Cpus(99).After("exit(1,8)"));
  const auto verdicts = [&] {
    std::string text;
    for (const JobId id : {done, ended, started, failed, with_7, with_8}) text += Verdict(env, id);
    return text;
  };
  env.Cycle();
  EXPECT_EQ(verdicts(), "......");
  env.Start("1[2]");
  EXPECT_EQ(verdicts(), "..M...") << "one child that has started is enough";
  env.Finish("1[2]", Exit(7));
  EXPECT_EQ(verdicts(), "..M...") << "the array is not over";
  env.Finish("1[1]", Exit(0));
  EXPECT_EQ(verdicts(), "NMMMMN");
}

TEST(ArrayConditions, OneChildIsJudgedByItself) {
  Env env;
  env.AddNodes(1, Cpus(4));
  env.Submit(Job().Array("10,20"));
  const JobId ten = env.Submit(Job().Cpus(99).After("done(1[10])"));
  const JobId twenty = env.Submit(Job().Cpus(99).After("exit(1[20],5)"));
  env.Cycle();
  env.Finish("1[10]", Exit(0));
  EXPECT_EQ(Verdict(env, ten), 'M');
  EXPECT_EQ(Verdict(env, twenty), '.');
  env.Finish("1[20]", Exit(5));
  EXPECT_EQ(Verdict(env, twenty), 'M');
}

TEST(ArrayConditions, AWholeArrayWaitsForAPlainJob) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  env.Submit(Job().Array("1-200").Cpus(99).After("done(1)"));
  EXPECT_EQ(Verdict(env, "2[200]"), '.');
  env.RunAll();
  EXPECT_EQ(Verdict(env, "2[1]"), 'M');
  EXPECT_EQ(Verdict(env, "2[200]"), 'M');
}

// --- index by index

TEST(IndexWise, ChildKWaitsForTheKthChild) {
  Env env;
  env.AddNodes(1, Cpus(3));
  env.Submit(Job().Array("1-3"));
  env.Submit(Job().Array("10-30:10").Cpus(99).After("n_to_n(1)"));
  env.Cycle();
  env.Finish("1[2]", Exit(0));
  env.Finish("1[3]", Exit(4));
  EXPECT_EQ(Verdict(env, "2[10]"), '.');
  EXPECT_EQ(Verdict(env, "2[20]"), 'M') << "the second waits for the second";
  EXPECT_EQ(Verdict(env, "2[30]"), 'N');
}

TEST(IndexWise, EveryConditionWorksAcrossWordBoundaries) {
  Env env;
  env.AddNodes(1, Cpus(200));
  env.Submit(Job().Array("0-129"));
  env.Submit(Job().Array("0-129").Cpus(999).After("ended(1[*])"));
  env.Submit(Job().Array("0-129").Cpus(999).After("started(1[*])"));
  env.Submit(Job().Array("0-129").Cpus(999).After("exit(1[*],>=2)"));
  env.Submit(Job().Array("0-129").Cpus(999).After("!done(1[*])"));
  env.Cycle();
  const auto verdicts = [&](std::uint32_t child) {
    std::string text;
    for (std::uint64_t job = 2; job <= 5; ++job) text += Verdict(env, Child(JobId(job), child));
    return text;
  };
  for (const std::uint32_t child : {0u, 63u, 64u, 127u, 128u, 129u}) {
    EXPECT_EQ(verdicts(child), "....") << child;
    env.Start(Child(JobId(1), child));
    EXPECT_EQ(verdicts(child), ".M..") << child;
    env.Finish(Child(JobId(1), child), Exit(static_cast<std::int32_t>(child % 3)));
  }
  EXPECT_EQ(verdicts(0), "MMNN");    // exit 0
  EXPECT_EQ(verdicts(64), "MMNM");   // exit 1
  EXPECT_EQ(verdicts(128), "MMMM");  // exit 2
  EXPECT_EQ(verdicts(1), "....");
}

TEST(IndexWise, MixesWithWholeJobs) {
  Env env;
  env.AddNodes(1, Cpus(3));
  env.Submit(Job());
  env.Submit(Job().Array("1-2"));
  env.Submit(Job().Array("1-2").Cpus(99).After("done(1) && (done(2[*]) || exit(2[*],9))"));
  env.Cycle();
  env.Finish("2[1]", Exit(9));
  EXPECT_EQ(Verdict(env, "3[1]"), '.');
  env.Finish("1", Exit(0));
  EXPECT_EQ(Verdict(env, "3[1]"), 'M');
  EXPECT_EQ(Verdict(env, "3[2]"), '.');
}

// --- SEQUENTIAL

TEST(Sequential, OneChildAfterAnother) {
  Env env;
  env.AddNodes(1, Cpus(8));
  const JobId a = env.Submit(Job().Array("1-3").After("sequential()"));
  for (const char* child : {"1[1]", "1[2]", "1[3]"}) {
    env.Cycle();
    EXPECT_THAT(env.TakeLaunchedTasks(), ElementsAre(child));
    env.Finish(child, Exit(0));
  }
  EXPECT_EQ(env.StateOf(a), JobState::kSucceeded);
}

// 64 children fill a word: the last one has no successor in the next.
TEST(Sequential, FullWordsAreNoSpecialCase) {
  for (const char* indices : {"1-64", "1-65", "1-128"}) {
    Env env;
    env.AddNodes(1, Cpus(8));
    const JobId a = env.Submit(Job().Array(indices).After("sequential()"));
    env.RunAll();
    EXPECT_EQ(env.StateOf(a), JobState::kSucceeded) << indices;
  }
}

TEST(Sequential, AFailureEndsTheRest) {
  Env env;
  env.AddNodes(1, Cpus(8));
  const JobId a = env.Submit(Job().Array("1-100").After("sequential()"));
  env.Cycle();
  env.Finish("1[1]", Exit(0));
  env.Cycle();
  env.Finish("1[2]", Exit(5));
  EXPECT_EQ(env.StateOf(a), JobState::kFailed);
  EXPECT_EQ(env.job(a).array->failed_count, 99u);
  EXPECT_THAT(env.JournalText(), HasSubstr("TasksEnded 1 tasks=2-99 end=\"a dependency can no longer be met: "
                                           "sequential() can never be met, first for "
                                           "1[3]: job 1[2] failed with exit code 5\""));
  EXPECT_THAT(env.Explain("1[3]"),
              HasSubstr("sequential() can never be met, job 1[2] failed with exit code 5"));
  EXPECT_THAT(env.Explain("1[90]"), HasSubstr("sequential() can never be met, job 1[89] never ran"));
}

TEST(Sequential, TogetherWithAnotherCondition) {
  Env env;
  env.AddNodes(1, Cpus(8));
  env.Submit(Job().Array("1-2"));
  env.Submit(Job().Array("1-2").After("sequential() && done(1[*])"));
  env.Cycle();
  env.Finish("1[2]", Exit(0));
  env.Cycle();
  env.TakeLaunches();
  EXPECT_EQ(env.StateOf("2[2]"), JobState::kPending);
  env.Finish("1[1]", Exit(0));
  EXPECT_EQ(env.StateOf("2[1]"), JobState::kRunnable);
  env.Cycle();
  env.Finish("2[1]", Exit(0));
  EXPECT_EQ(env.StateOf("2[2]"), JobState::kRunnable);
}

// --- what can never be met

TEST(Impossible, TheJobEndsNamingTheParentAndItsExit) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId parent = env.Submit(Job());
  const JobId waiter = env.Submit(Job().After("done(1)"));
  env.Cycle();
  env.Finish(parent, Exit(3));
  EXPECT_EQ(env.StateOf(waiter), JobState::kFailed);
  EXPECT_EQ(env.LastEnd(waiter),
            "a dependency can no longer be met: done(1) can never be met, job 1 exited "
            "with code 3");
}

TEST(Impossible, ItCascades) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  for (int i = 1; i < 50; ++i) env.Submit(Job().After("done(" + std::to_string(i) + ")"));
  const JobId cleanup = env.Submit(Job().After("ended(50)"));
  env.Cycle();
  env.Finish("1", Exit(1));
  EXPECT_EQ(env.StateOf(JobId(50)), JobState::kFailed);
  EXPECT_EQ(env.StateOf(cleanup), JobState::kRunnable);
}

// Each job of a layer waits for all three of the layer before: texts that held their parents' would triple.
TEST(Impossible, ReasonsDoNotGrowAlongACascade) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  for (int layer = 0; layer < 12; ++layer) {
    const int first = layer == 0 ? 1 : 3 * layer - 1;
    std::string condition = "done(" + std::to_string(first) + ")";
    for (int i = 1; i < 3 && layer > 0; ++i) condition += " || done(" + std::to_string(first + i) + ")";
    for (int i = 0; i < 3; ++i) env.Submit(Job().After(condition));
  }
  ASSERT_TRUE(env.Cancel("1"));
  const JobId last(37);
  EXPECT_EQ(env.StateOf(last), JobState::kFailed);
  EXPECT_LT(env.LastEnd(last).size(), 400u) << env.LastEnd(last);
  EXPECT_THAT(env.LastEnd(last), HasSubstr("job 34 never ran: its own dependency failed"));
}

TEST(Impossible, ALongCascadeIsFinishedByTicks) {
  sched::Settings settings = Env::DefaultSettings();
  settings.max_ended_per_step = 4096;
  Env env(settings);
  env.AddNodes(1, Cpus(1));
  env.SetChecks(false);
  const JobId a = env.Submit(Job().Array("1-10000").After("sequential()"));
  env.Cycle();
  env.Finish("1[1]", Exit(1));
  EXPECT_EQ(env.StateOf(a), JobState::kPending) << "one input does a bounded amount of work";
  EXPECT_LE(env.wake_at(), env.now()) << "and asks to go on at once";
  env.Cycle();
  EXPECT_LE(env.wake_at(), env.now()) << "whatever input comes between";
  env.Advance(std::chrono::seconds(1));
  EXPECT_EQ(env.StateOf(a), JobState::kFailed);
  env.Check("the cascade");
}

// Each of a million children with an entry that names its own parent would be a million entries.
TEST(Impossible, ChildrenEndTogetherAndEachIsExplainedWhenAsked) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId parent = env.Submit(Job().Array("1-3000"));
  const JobId waiter = env.Submit(Job().Array("1-3000").After("n_to_n(1)"));
  const JobId last = env.Submit(Job().Array("1-3000").After("done(2[*])"));
  env.Cycle();
  env.Finish("1[1]", Exit(0));
  env.Cycle();
  env.Finish("1[2]", Exit(3));
  EXPECT_THAT(env.JournalText(),
              HasSubstr("done(1[*]) can never be met, job 1[2] failed with exit code 3\""));
  const std::size_t before = env.journal().size();
  ASSERT_TRUE(env.Cancel(parent));
  EXPECT_EQ(env.StateOf(parent), JobState::kFailed);
  EXPECT_EQ(env.job(waiter).array->failed_count, 2999u);
  EXPECT_EQ(env.job(last).array->failed_count, 2999u);
  EXPECT_EQ(env.journal().size() - before, 3u) << env.JournalText(before);
  EXPECT_THAT(env.JournalText(before), HasSubstr("TasksEnded 2 tasks=2-2999 end=\"a dependency can no longer "
                                                 "be met: done(1[*]) can never be met, "
                                                 "first for 2[3]: job 1[3] never ran\""));
  EXPECT_THAT(env.Explain("2[2]"),
              HasSubstr("done(1[*]) can never be met, job 1[2] failed with exit code 3"));
  EXPECT_THAT(env.Explain("2[2]"), HasSubstr("why 1"));
  EXPECT_THAT(env.Explain("2[77]"), HasSubstr("done(1[*]) can never be met, job 1[77] never ran"));
  EXPECT_THAT(env.Explain("1[77]"), HasSubstr("it was cancelled while it waited"));
}

TEST(Impossible, OneEntryForEachConditionThatFailed) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job().Array("1-200"));
  env.Submit(Job());
  env.Submit(Job().Array("1-200").After("(done(1[*]) && done(2)) || !started(2)"));
  const JobId seq = env.Submit(Job().Array("1-200").After("done(1[*]) && sequential()"));
  env.Cycle();
  env.Finish("1[1]", Exit(0));
  ASSERT_TRUE(env.Cancel("1[50]"));
  EXPECT_EQ(env.job(seq).array->failed_count, 151u) << "50 by its parent, the rest after it";
  EXPECT_EQ(env.job(JobId(3)).array->failed_count, 0u);
  const std::size_t before = env.journal().size();
  env.Cycle();
  ASSERT_TRUE(env.Cancel("1"));
  env.Finish("1[2]", Exit(0));
  ASSERT_TRUE(env.SetPriority("2", 9));
  env.Cycle();
  env.Finish("2", Exit(7));
  EXPECT_EQ(env.StateOf(JobId(3)), JobState::kFailed);
  int entries = 0;
  for (std::size_t i = before; i < env.journal().size(); ++i) {
    const auto* ended = std::get_if<sched::TasksEnded>(&env.journal()[i].body);
    entries += ended && ended->job == JobId(3);
  }
  EXPECT_EQ(entries, 2) << env.JournalText(before);
  EXPECT_THAT(env.JournalText(before), HasSubstr("done(2) can never be met, job 2 exited with code 7"));
}

TEST(Impossible, OneInputEndsABoundedNumberOfChildren) {
  sched::Settings settings = Env::DefaultSettings();
  settings.max_ended_per_step = 128;
  Env env(settings);
  env.AddNodes(1, Cpus(1));
  env.Submit(Job().Held());
  const JobId waiter = env.Submit(Job().Array("1-1000").After("done(1)"));
  ASSERT_TRUE(env.Cancel("1", Alice(), std::string(1000, 'x')));
  EXPECT_EQ(env.job(waiter).array->failed_count, 128u);
  const std::size_t before = env.journal().size();
  EXPECT_LE(env.wake_at(), env.now());
  env.Advance(std::chrono::seconds(1));
  EXPECT_EQ(env.StateOf(waiter), JobState::kFailed);
  EXPECT_LT(env.JournalText(before).size(), 7 * 500u) << "a long reason is not copied as a whole";
}

TEST(Impossible, AStartCanMakeItImpossibleToo) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  const JobId waiter = env.Submit(Job().After("!started(1)"));
  env.Cycle();
  env.Start("1");
  EXPECT_EQ(env.StateOf(waiter), JobState::kFailed);
}

TEST(Impossible, AnImpossibleSubmitEndsAtOnce) {
  Env env;
  env.Submit(Job());
  ASSERT_TRUE(env.Cancel("1", Alice(), "wrong input"));
  const JobId waiter = env.Submit(Job().After("done(1)"));
  EXPECT_EQ(env.StateOf(waiter), JobState::kFailed);
  EXPECT_THAT(env.LastEnd(waiter), HasSubstr("job 1 cancelled by alice: wrong input"));
}

TEST(Impossible, KeptIfTheUserAskedForThat) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  const JobId kept = env.Submit(Job().After("done(1)").KeepIfImpossible());
  env.Cycle();
  env.Finish("1", Exit(3));
  EXPECT_EQ(env.StateOf(kept), JobState::kPending);
  EXPECT_THAT(env.Why(kept), ElementsAre(sched::ReasonCode::kNeverDependency));
  ASSERT_TRUE(env.Requeue("1"));
  env.Cycle();
  env.Finish("1", Exit(0));
  EXPECT_EQ(env.StateOf(kept), JobState::kRunnable);
}

TEST(Impossible, SeveralReasonsAreAllNamed) {
  Env env;
  env.AddNodes(1, Cpus(3));
  for (int i = 0; i < 3; ++i) env.Submit(Job());
  const JobId waiter = env.Submit(Job().After("done(1) || done(2) || exit(3)"));
  env.Cycle();
  env.Finish("1", Exit(4));
  env.Finish("2", Signalled(9));
  EXPECT_EQ(env.StateOf(waiter), JobState::kPending);
  env.Finish("3", Exit(0));
  EXPECT_EQ(env.StateOf(waiter), JobState::kFailed);
  EXPECT_THAT(env.LastEnd(waiter), HasSubstr("job 1 exited with code 4"));
  EXPECT_THAT(env.LastEnd(waiter), HasSubstr("job 2 killed by signal 9 (KILL)"));
  EXPECT_THAT(env.LastEnd(waiter), HasSubstr("exit(3) can never be met, job 3 succeeded"));
}

// --- parents that run again

TEST(RequeuedParent, TheWaiterWaitsAgain) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job());
  const JobId waiter = env.Submit(Job().Cpus(99).After("done(1)"));
  env.RunAll();
  EXPECT_EQ(env.StateOf(waiter), JobState::kRunnable);
  ASSERT_TRUE(env.Requeue("1"));
  EXPECT_EQ(env.StateOf(waiter), JobState::kPending);
}

TEST(RequeuedParent, AChildOfAnArrayAlsoTakesItsPartnersBack) {
  Env env;
  env.AddNodes(1, Cpus(2));
  env.Submit(Job().Array("1-2"));
  env.Submit(Job().Array("1-2").Cpus(99).After("done(1[*])"));
  const JobId whole = env.Submit(Job().Cpus(99).After("done(1)"));
  env.RunAll();
  EXPECT_EQ(env.StateOf(whole), JobState::kRunnable);
  ASSERT_TRUE(env.Requeue("1[2]"));
  EXPECT_EQ(env.StateOf("2[1]"), JobState::kRunnable);
  EXPECT_EQ(env.StateOf("2[2]"), JobState::kPending);
  EXPECT_EQ(env.StateOf(whole), JobState::kPending);
}

TEST(RequeuedParent, ARunningWaiterIsLeftAlone) {
  Env env;
  env.AddNodes(1, Cpus(4));
  env.Submit(Job());
  const JobId waiter = env.Submit(Job().Retry(2).After("done(1)"));
  env.Cycle();
  env.Finish("1", Exit(0));
  env.Cycle();
  ASSERT_TRUE(env.Requeue("1"));
  EXPECT_EQ(env.StateOf(waiter), JobState::kStarting);
  env.Finish(waiter, Exit(1));
  EXPECT_EQ(env.StateOf(waiter), JobState::kPending) << "its second attempt waits for the parent again";
  env.TakeLaunches();
  env.RunAll();
  EXPECT_EQ(env.StateOf(waiter), JobState::kSucceeded);
}

// Waiters of single children are found by the child's index, whatever the array's stride.
TEST(ChildWaiters, ComeAndGo) {
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job().Array("10-30:10"));
  const JobId second = env.Submit(Job().After("done(1[20])")), third = env.Submit(Job().After("done(1[30])"));
  const JobId again = env.Submit(Job().After("ended(1[20]) && done(1[10])"));
  env.Cycle();
  env.Finish("1[10]", Exit(0));
  EXPECT_EQ(env.StateOf(second), JobState::kPending);
  env.Cycle();
  env.Finish("1[20]", Exit(0));
  EXPECT_EQ(env.StateOf(second), JobState::kRunnable);
  EXPECT_EQ(env.StateOf(again), JobState::kRunnable);
  EXPECT_EQ(env.StateOf(third), JobState::kPending);
  ASSERT_TRUE(env.Cancel("1[30]"));
  EXPECT_EQ(env.StateOf(third), JobState::kFailed);
  env.TakeLaunches();
  env.RunAll();
  env.Advance(env.DefaultSettings().finished_retention + std::chrono::hours(200));
  EXPECT_TRUE(env.state().jobs.empty());
}

}  // namespace
}  // namespace bsub::testing
