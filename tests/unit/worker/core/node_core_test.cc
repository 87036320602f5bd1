#include "worker/core/node_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub::worker {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Duration kLease = seconds(30);
constexpr Duration kBeat = seconds(3);

AttemptKey Key(std::uint64_t job, std::uint32_t number = 1) { return {JobId(job), 0, number}; }

TaskState Running(const AttemptKey& key) {
  TaskState state;
  state.attempt = key;
  state.started = true;
  state.pid = 100;
  return state;
}

TaskState Over(const AttemptKey& key, std::int32_t code = 0) {
  TaskState state = Running(key);
  state.ended = true;
  state.end = {EndKind::kExited, code, "", ""};
  return state;
}

class NodeCoreTest : public ::testing::Test {
 protected:
  void Feed(InputBody body) {
    Outcome outcome = core_.Handle({now_, std::move(body)});
    said_ = std::move(outcome.messages);
    wake_at_ = outcome.wake_at;
  }
  template <typename M>
  std::vector<M> Said() const {
    std::vector<M> found;
    for (const Message& message : said_) {
      if (const M* m = std::get_if<M>(&message)) found.push_back(*m);
    }
    return found;
  }
  void ComeUp(std::vector<TaskState> tasks = {}, const std::string& spawner = "s1") {
    Feed(SpawnerUp{spawner, "boot", std::move(tasks)});
  }
  void Register(std::uint64_t incarnation) {
    Feed(StreamOpened{});
    Feed(Accepted{Incarnation(incarnation), kLease, kBeat});
  }
  void Launch(const AttemptKey& key, std::uint64_t incarnation = 1) {
    Feed(LaunchOrder{Incarnation(incarnation), key,
                     std::make_shared<SignedLaunch>(SignedLaunch{"launch", "proof"})});
  }

  NodeCore core_{NodeSettings{.kill_on_lease_loss = true}};
  TimePoint now_{1'000'000};
  std::vector<Message> said_;
  TimePoint wake_at_;
};

TEST_F(NodeCoreTest, SaysHelloOnlyOnceTheSpawnersListIsKnown) {
  Feed(StreamOpened{});
  EXPECT_THAT(Said<CloseStream>(), SizeIs(1));
  ComeUp({Running(Key(1)), Over(Key(2), 3)});
  EXPECT_THAT(Said<OpenStream>(), SizeIs(1));
  Feed(StreamOpened{});
  ASSERT_THAT(Said<SayHello>(), SizeIs(1));
  EXPECT_EQ(Said<SayHello>()[0].spawner_id, "s1");
  EXPECT_THAT(Said<SayHello>()[0].tasks, ElementsAre(Running(Key(1)), Over(Key(2), 3)));
  EXPECT_FALSE(core_.registered());
  Feed(Accepted{Incarnation(1), kLease, kBeat});
  EXPECT_TRUE(core_.registered());
  EXPECT_THAT(Said<ReportTask>(), IsEmpty()) << "Hello has told it";
}

TEST_F(NodeCoreTest, CarriesATaskFromLaunchToAcknowledgement) {
  ComeUp();
  Register(1);
  Launch(Key(1));
  ASSERT_THAT(Said<StartTask>(), SizeIs(1));
  EXPECT_EQ(Said<StartTask>()[0].launch->proof, "proof");
  Feed(TaskReported{Running(Key(1))});
  ASSERT_THAT(Said<ReportTask>(), SizeIs(1));
  EXPECT_EQ(Said<ReportTask>()[0].incarnation, Incarnation(1));
  Feed(TaskReported{Over(Key(1), 7)});
  ASSERT_THAT(Said<ReportTask>(), SizeIs(1));
  EXPECT_EQ(Said<ReportTask>()[0].task.end.code, 7);
  EXPECT_EQ(core_.IsOver(Key(1)), true);
  Feed(EndAcknowledged{Incarnation(1), Key(1)});
  EXPECT_THAT(Said<ForgetTask>(), SizeIs(1));
  EXPECT_EQ(core_.IsOver(Key(1)), std::nullopt);
}

TEST_F(NodeCoreTest, StartsARepeatedLaunchOnceAndRepeatsTheAnswer) {
  ComeUp();
  Register(1);
  Launch(Key(1));
  Launch(Key(1));
  EXPECT_THAT(said_, IsEmpty());
  Feed(TaskReported{Running(Key(1))});
  Launch(Key(1));
  EXPECT_THAT(Said<StartTask>(), IsEmpty());
  EXPECT_THAT(Said<ReportTask>(), SizeIs(1));
}

TEST_F(NodeCoreTest, IgnoresOrdersOfAnotherIncarnation) {
  ComeUp({Running(Key(1)), Over(Key(2))});
  Register(5);
  Launch(Key(3), 4);
  EXPECT_THAT(said_, IsEmpty());
  Feed(StopOrder{Incarnation(4), Key(1), Duration(0), "old"});
  EXPECT_THAT(said_, IsEmpty());
  Feed(EndAcknowledged{Incarnation(4), Key(2)});
  EXPECT_THAT(said_, IsEmpty());
  Feed(HeartbeatCame{Incarnation(6), 1});
  EXPECT_THAT(said_, IsEmpty());
  EXPECT_THAT(core_.Tasks(), SizeIs(2));
}

TEST_F(NodeCoreTest, IgnoresOrdersBetweenHelloAndAccepted) {
  ComeUp();
  Register(1);
  Feed(StreamClosed{"broke"});
  EXPECT_THAT(Said<OpenStream>(), SizeIs(1));
  Launch(Key(1), 1);
  EXPECT_THAT(said_, IsEmpty()) << "the scheduler may give it away when it sees the Hello";
  Feed(StreamOpened{});
  Launch(Key(1), 1);
  EXPECT_THAT(said_, IsEmpty());
}

TEST_F(NodeCoreTest, TellsAfterAcceptedWhatHelloCouldNot) {
  ComeUp({Running(Key(1))});
  Feed(StreamOpened{});
  Feed(TaskReported{Over(Key(1), 0)});
  EXPECT_THAT(said_, IsEmpty()) << "no incarnation to say it under";
  Feed(Accepted{Incarnation(1), kLease, kBeat});
  ASSERT_THAT(Said<ReportTask>(), SizeIs(1));
  EXPECT_TRUE(Said<ReportTask>()[0].task.ended);
}

TEST_F(NodeCoreTest, RepeatsUnacknowledgedEndsInEachHello) {
  ComeUp();
  Register(1);
  Launch(Key(1));
  Feed(TaskReported{Over(Key(1), 2)});
  for (std::uint64_t incarnation = 2; incarnation < 5; ++incarnation) {
    Feed(StreamClosed{"broke"});
    Feed(StreamOpened{});
    ASSERT_THAT(Said<SayHello>(), SizeIs(1));
    EXPECT_THAT(Said<SayHello>()[0].tasks, ElementsAre(Over(Key(1), 2)));
    Feed(Accepted{Incarnation(incarnation), kLease, kBeat});
  }
  Feed(EndAcknowledged{Incarnation(4), Key(1)});
  EXPECT_THAT(core_.Tasks(), IsEmpty());
}

TEST_F(NodeCoreTest, ListsLaunchesThatTheSpawnerHasNotAnswered) {
  ComeUp();
  Register(1);
  Launch(Key(1));
  Feed(StreamClosed{"broke"});
  Feed(StreamOpened{});
  ASSERT_THAT(Said<SayHello>()[0].tasks, SizeIs(1)) << "otherwise it would be given away while it starts";
  EXPECT_FALSE(Said<SayHello>()[0].tasks[0].started);
}

TEST_F(NodeCoreTest, SendsAgainWhatTheSpawnerNeverGot) {
  ComeUp();
  Register(1);
  Launch(Key(1));
  Launch(Key(2));
  Feed(SpawnerDown{});
  Launch(Key(3));
  EXPECT_THAT(said_, IsEmpty());
  Feed(StopOrder{Incarnation(1), Key(2), Duration(5), "enough"});
  EXPECT_THAT(said_, IsEmpty());
  TaskState starting;
  starting.attempt = Key(2);
  ComeUp({starting});
  EXPECT_THAT(Said<OpenStream>(), IsEmpty()) << "the scheduler need not know";
  ASSERT_THAT(Said<StartTask>(), SizeIs(2));
  EXPECT_EQ(Said<StartTask>()[0].attempt, Key(1));
  EXPECT_EQ(Said<StartTask>()[1].attempt, Key(3));
  ASSERT_THAT(Said<StopTask>(), SizeIs(1));
  EXPECT_EQ(Said<StopTask>()[0].attempt, Key(2));
}

TEST_F(NodeCoreTest, ForgetsWhatNeverArrivedWhenItMustRegisterAnyway) {
  ComeUp();
  Register(1);
  Launch(Key(1));
  Feed(SpawnerDown{});
  Feed(StreamClosed{"broke"});
  EXPECT_THAT(Said<OpenStream>(), IsEmpty());
  ComeUp();
  EXPECT_THAT(Said<StartTask>(), IsEmpty());
  Feed(StreamOpened{});
  EXPECT_THAT(Said<SayHello>()[0].tasks, IsEmpty()) << "the scheduler starts it elsewhere";
}

TEST_F(NodeCoreTest, RegistersAnewAfterTheSpawnerWasRestarted) {
  ComeUp();
  Register(1);
  Launch(Key(1));
  Launch(Key(2));
  Feed(TaskReported{Running(Key(1))});
  Feed(TaskReported{Over(Key(2), 4)});
  Feed(SpawnerDown{});
  ComeUp({}, "s2");
  EXPECT_THAT(Said<CloseStream>(), SizeIs(1));
  EXPECT_THAT(Said<OpenStream>(), SizeIs(1));
  EXPECT_THAT(Said<StartTask>(), IsEmpty());
  Feed(StreamOpened{});
  ASSERT_THAT(Said<SayHello>(), SizeIs(1));
  EXPECT_EQ(Said<SayHello>()[0].spawner_id, "s2");
  EXPECT_THAT(Said<SayHello>()[0].tasks, ElementsAre(Over(Key(2), 4)))
      << "1 is dead; the end of 2 was told to us";
}

TEST_F(NodeCoreTest, GivesTheStreamUpWhenTheSpawnerStaysAway) {
  ComeUp();
  Register(1);
  Feed(SpawnerDown{});
  EXPECT_EQ(wake_at_, now_ + seconds(10));
  now_ = now_ + seconds(9);
  Feed(Tick{});
  EXPECT_THAT(said_, IsEmpty());
  now_ = now_ + seconds(1);
  Feed(Tick{});
  EXPECT_THAT(Said<CloseStream>(), SizeIs(1));
  EXPECT_THAT(Said<OpenStream>(), IsEmpty());
  ComeUp();
  EXPECT_THAT(Said<OpenStream>(), SizeIs(1));
}

TEST_F(NodeCoreTest, StopsWhatRunsAndAnswersForWhatIsNotThere) {
  ComeUp({Running(Key(1)), Over(Key(2), 1)});
  Register(1);
  Feed(StopOrder{Incarnation(1), Key(1), seconds(30), "cancelled"});
  ASSERT_THAT(Said<StopTask>(), SizeIs(1));
  EXPECT_EQ(Said<StopTask>()[0].reason, "cancelled");
  Feed(StopOrder{Incarnation(1), Key(2), seconds(30), ""});
  EXPECT_EQ(Said<ReportTask>()[0].task, Over(Key(2), 1));
  Feed(StopOrder{Incarnation(1), Key(9), seconds(30), ""});
  ASSERT_THAT(Said<ReportTask>(), SizeIs(1));
  EXPECT_EQ(Said<ReportTask>()[0].task.end.kind, EndKind::kNodeLost);
}

TEST_F(NodeCoreTest, AStopIsSaidAgainUntilTheEndIsKnown) {
  ComeUp({Running(Key(1)), Running(Key(2))});
  Register(1);
  Feed(StopOrder{Incarnation(1), Key(1), seconds(30), "cancelled"});
  Feed(StopOrder{Incarnation(1), Key(2), seconds(30), "cancelled"});
  Feed(TaskReported{Over(Key(2), 15)});
  for (int round = 0; round < 2; ++round) {  // the order may have been in the socket that broke
    Feed(SpawnerDown{});
    ComeUp({Running(Key(1)), Over(Key(2), 15)});
    ASSERT_THAT(Said<StopTask>(), SizeIs(1));
    EXPECT_EQ(Said<StopTask>()[0].attempt, Key(1));
    EXPECT_EQ(Said<StopTask>()[0].grace, Duration(seconds(30)));
  }
}

TEST_F(NodeCoreTest, ASaveIsToldAndGrowsOlderUntilItIsToldAgain) {
  ComeUp();
  Register(1);
  TaskState state;
  state.attempt = {JobId(1), 0, 1};
  state.started = true;
  Feed(TaskReported{state});
  state.saved = {3, seconds(5), seconds(4)};
  Feed(TaskReported{state});
  ASSERT_THAT(Said<ReportTask>(), SizeIs(1));
  EXPECT_EQ(Said<ReportTask>()[0].task.saved, state.saved);
  Feed(TaskReported{state});
  EXPECT_THAT(Said<ReportTask>(), IsEmpty());
  now_ = now_ + seconds(10);
  Feed(StreamClosed{"gone"});
  Feed(StreamOpened{});
  ASSERT_THAT(Said<SayHello>(), SizeIs(1));
  const SavedWork later = {3, seconds(15), seconds(14)};
  EXPECT_EQ(Said<SayHello>()[0].tasks.at(0).saved, later);
}

TEST_F(NodeCoreTest, TheLeaseCountsFromHelloAndThenFromAnswersTheSchedulerHas) {
  ComeUp();
  Feed(StreamOpened{});
  const TimePoint hello_at = now_;
  now_ = now_ + seconds(2);
  Feed(Accepted{Incarnation(1), kLease, kBeat});
  ASSERT_THAT(Said<RenewLease>(), SizeIs(1));
  EXPECT_EQ(Said<RenewLease>()[0].ends, hello_at + kLease);
  EXPECT_TRUE(Said<RenewLease>()[0].kill_on_loss);

  now_ = now_ + kBeat;
  const TimePoint answered_at = now_;
  Feed(HeartbeatCame{Incarnation(1), 1, 0});
  ASSERT_THAT(Said<AnswerHeartbeat>(), SizeIs(1));
  EXPECT_EQ(Said<AnswerHeartbeat>()[0].count, 1u);
  EXPECT_EQ(Said<RenewLease>()[0].ends, hello_at + kLease) << "the answer may never arrive";

  now_ = now_ + kBeat;
  Feed(HeartbeatCame{Incarnation(1), 2, 1});
  EXPECT_EQ(Said<RenewLease>()[0].ends, answered_at + kLease);
  now_ = now_ + kBeat;
  Feed(HeartbeatCame{Incarnation(1), 3, 1});
  EXPECT_EQ(Said<RenewLease>()[0].ends, answered_at + kLease) << "the scheduler hears nothing from us";

  Feed(SpawnerDown{});
  ComeUp();
  ASSERT_THAT(Said<RenewLease>(), SizeIs(1));
  EXPECT_EQ(Said<RenewLease>()[0].ends, answered_at + kLease);
}

TEST_F(NodeCoreTest, AnswersOfAnOldStreamRenewNothingOnTheNext) {
  ComeUp();
  Register(1);
  Feed(HeartbeatCame{Incarnation(1), 1, 0});
  Feed(StreamClosed{"gone"});
  now_ = now_ + seconds(10);
  Register(2);
  const TimePoint hello_at = now_;
  now_ = now_ + kBeat;
  Feed(HeartbeatCame{Incarnation(2), 1, 1});
  ASSERT_THAT(Said<RenewLease>(), SizeIs(1));
  EXPECT_EQ(Said<RenewLease>()[0].ends, hello_at + kLease);
}

TEST_F(NodeCoreTest, DropsASilentStreamAndBelievesNoStaleHeartbeat) {
  ComeUp();
  Register(1);
  EXPECT_EQ(wake_at_, now_ + 5 * kBeat);
  now_ = now_ + 5 * kBeat;
  Feed(Tick{});
  EXPECT_THAT(Said<CloseStream>(), SizeIs(1));
  EXPECT_THAT(Said<OpenStream>(), SizeIs(1));

  Register(2);
  now_ = now_ + seconds(600);  // the agent was stopped; beats waited in the socket
  Feed(HeartbeatCame{Incarnation(2), 5});
  EXPECT_THAT(Said<RenewLease>(), IsEmpty());
  EXPECT_THAT(Said<CloseStream>(), SizeIs(1));
}

TEST_F(NodeCoreTest, GivesUpOnlyOnAFinalRefusal) {
  ComeUp();
  Feed(StreamOpened{});
  Feed(Refused{"busy", false});
  EXPECT_THAT(Said<OpenStream>(), SizeIs(1));
  Feed(StreamOpened{});
  Feed(Refused{"another node has this name", true});
  ASSERT_THAT(Said<GiveUp>(), SizeIs(1));
  EXPECT_EQ(Said<GiveUp>()[0].reason, "another node has this name");
  EXPECT_THAT(Said<OpenStream>(), IsEmpty());
}

}  // namespace
}  // namespace bsub::worker
