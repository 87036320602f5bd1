// `submit --test-only`: what would become of a job, without a trace of it.
#include <gmock/gmock.h>

#include "tests/support/racks.h"
#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using namespace std::chrono_literals;
using sched::ReasonCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class TrialTest : public ::testing::Test {
 protected:
  TrialTest() : env(SettingsOf()) { env.AddNodes(4, Cpus(2)); }

  static sched::Settings SettingsOf() {
    sched::Settings settings = Env::DefaultSettings();
    settings.topology = Racks({{"n1", "n2"}, {"n3", "n4"}});
    return settings;
  }
  Result<sched::Trial> Try(const Job& job) {
    const std::uint64_t hash = env.scheduler().state_hash();
    auto trial = env.scheduler().TrySubmit(job.who(), job.spec(), env.now(), 1000);
    env.Check("a trial");
    EXPECT_EQ(env.scheduler().state_hash(), hash);
    return trial;
  }
  static std::vector<ReasonCode> CodesOf(const sched::Trial& trial) {
    std::vector<ReasonCode> codes;
    for (const sched::Reason& reason : trial.reasons) codes.push_back(reason.code);
    return codes;
  }
  // All four nodes are busy for so long.
  void FillAll(Duration walltime) {
    env.Submit(Job().Nodes(4).Cpus(2).Walltime(walltime));
    env.Cycle();
    for (const char* node : {"n1", "n2", "n3", "n4"}) env.Start(JobId(1), node);
    static_cast<void>(env.TakeLaunches());
  }

  Env env;
};

TEST_F(TrialTest, SaysWhereAJobWouldStartAtOnce) {
  const auto trial = Try(Job().Nodes(2).Placed("cluster").Walltime(5min));
  ASSERT_TRUE(trial);
  EXPECT_EQ(trial->queue, "default");
  EXPECT_TRUE(trial->default_queue);
  EXPECT_EQ(trial->forecast.starts_at, env.now());
  EXPECT_EQ(trial->forecast.ends_at, env.now() + 5min);
  EXPECT_THAT(trial->nodes, ElementsAre("n1", "n2"));
  ASSERT_TRUE(trial->placement);
  EXPECT_EQ(trial->placement->path, "cluster/r1");
  EXPECT_FALSE(trial->never());
  EXPECT_EQ(env.state().next_job_id, 1u) << "no id was given out";
  env.Cycle();
  EXPECT_THAT(env.TakeLaunches(), IsEmpty());
}

TEST_F(TrialTest, StandsBehindThoseForWhomNodesAreKeptInEveryOrder) {
  ASSERT_TRUE(env.SetQueue({.name = "q", .order = sched::QueueOrder::kBalanced}));
  FillAll(10min);
  env.Submit(Job().Queue("q").Nodes(4).Cpus(2).Walltime(10min));
  env.Cycle();
  const auto trial = Try(Job().Queue("q").Walltime(1h));
  ASSERT_TRUE(trial);
  EXPECT_EQ(trial->forecast.starts_at, env.now() + 20min);
}

TEST_F(TrialTest, SaysWhatAJobWouldWaitForAndHowLong) {
  FillAll(10min);
  const auto trial = Try(Job().Nodes(2).Placed("spread"));
  ASSERT_TRUE(trial);
  EXPECT_THAT(CodesOf(*trial), ElementsAre(ReasonCode::kResources));
  EXPECT_EQ(trial->forecast.starts_at, env.now() + 10min);
  EXPECT_THAT(trial->nodes, IsEmpty());
  EXPECT_FALSE(trial->never());
}

TEST_F(TrialTest, StandsBehindThoseThatWaitAndBeforeThoseThatCountLess) {
  FillAll(10min);
  env.Submit(Job().Nodes(4).Cpus(2).Priority(5).Walltime(1h));
  EXPECT_EQ(Try(Job().Nodes(4).Cpus(2).Priority(5))->forecast.starts_at, env.now() + 70min);
  EXPECT_EQ(Try(Job().Nodes(4).Cpus(2).Priority(6))->forecast.starts_at, env.now() + 10min);
}

TEST_F(TrialTest, SaysWhatCanNeverBe) {
  const auto more_than_exist = Try(Job().Nodes(5));
  ASSERT_TRUE(more_than_exist);
  EXPECT_TRUE(more_than_exist->never());
  EXPECT_THAT(more_than_exist->reasons.at(0).text, HasSubstr("it can never run here: it asks for 5 nodes"));
  EXPECT_THAT(more_than_exist->reasons.at(0).next_step, IsEmpty()) << "there is no job to cancel";
  EXPECT_FALSE(more_than_exist->forecast.starts_at.set());
  EXPECT_TRUE(Try(Job().Nodes(3).Placed("spread"))->never());
}

TEST_F(TrialTest, ChildrenOfAnArrayAreTriedByTheirFirst) {
  const auto trial = Try(Job().Array("1-100"));
  ASSERT_TRUE(trial);
  EXPECT_THAT(trial->nodes, ElementsAre("n1"));
  const JobId first = env.Submit(Job());
  const auto blocked = Try(Job().Array("1-100").After("done(" + std::to_string(first.value()) + ")"));
  EXPECT_THAT(CodesOf(*blocked), ElementsAre(ReasonCode::kDependency));
  EXPECT_THAT(blocked->nodes, IsEmpty());
}

TEST_F(TrialTest, IsRefusedAsASubmitIs) {
  const auto says = [this](const Job& job) {
    const auto trial = Try(job);
    return trial ? std::string("accepted") : trial.error().message;
  };
  EXPECT_EQ(says(Job().Nodes(2).Placed("partition=3")), "placement partition 3: must be from 1 to 2");
  EXPECT_THAT(says(Job().Queue("nights")), HasSubstr("nights: No such queue"));
  EXPECT_THAT(says(Job().After("done(7)")), HasSubstr("no such job"));
}

}  // namespace
}  // namespace bsub::testing
