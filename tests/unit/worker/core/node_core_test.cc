#include "worker/core/node_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

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

TEST_F(NodeCoreTest, RenewsTheLeaseWithEachHeartbeatAndAnswersIt) {
  ComeUp();
  Register(1);
  ASSERT_THAT(Said<RenewLease>(), SizeIs(1));
  EXPECT_EQ(Said<RenewLease>()[0].remaining, kLease);
  EXPECT_TRUE(Said<RenewLease>()[0].kill_on_loss);
  now_ = now_ + kBeat;
  Feed(HeartbeatCame{Incarnation(1), 17});
  EXPECT_THAT(Said<RenewLease>(), SizeIs(1));
  ASSERT_THAT(Said<AnswerHeartbeat>(), SizeIs(1));
  EXPECT_EQ(Said<AnswerHeartbeat>()[0].count, 17u);
  now_ = now_ + seconds(2);
  Feed(SpawnerDown{});
  ComeUp();
  ASSERT_THAT(Said<RenewLease>(), SizeIs(1));
  EXPECT_EQ(Said<RenewLease>()[0].remaining, kLease - seconds(2)) << "from when the scheduler was heard";
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

// A toy scheduler and a toy spawner around the core; connections break at random. Each order must end in
// exactly one acknowledged end, and no attempt may be started twice in one spawner.
TEST(NodeCoreWalk, LosesNothingWhateverBreaks) {
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    NodeCore core{NodeSettings{}};
    TimePoint now{1};
    std::uint64_t incarnation = 0;
    bool stream = false;
    bool spawner = false;
    int spawner_life = 1;
    std::map<AttemptKey, TaskState> tasks;         // in the spawner
    std::map<AttemptKey, bool> placed;             // the scheduler's: attempt -> acknowledged
    std::set<AttemptKey> ours;                     // the scheduler believes these to be on the node
    std::set<std::pair<int, AttemptKey>> started;  // spawner life, attempt
    std::vector<InputBody> inbox;
    std::uint64_t next_job = 1;
    const auto on_report = [&](const TaskState& task) {
      if (!task.ended) return;
      if (ours.erase(task.attempt) != 0) placed[task.attempt] = true;
      inbox.push_back(EndAcknowledged{Incarnation(incarnation), task.attempt});
    };
    const auto feed = [&](InputBody first) {
      inbox = {std::move(first)};
      while (!inbox.empty()) {
        const InputBody body = inbox.front();
        inbox.erase(inbox.begin());
        for (const Message& message : core.Handle({now, body}).messages) {
          if (const auto* start = std::get_if<StartTask>(&message); start && spawner) {
            if (random() % 8 == 0) continue;  // breaks off before it arrives: told by SpawnerDown below
            if (tasks.count(start->attempt) == 0) {
              ASSERT_TRUE(started.insert({spawner_life, start->attempt}).second) << "seed " << seed;
              tasks[start->attempt].attempt = start->attempt;
            }
          } else if (const auto* forget = std::get_if<ForgetTask>(&message); forget && spawner) {
            tasks.erase(forget->attempt);
          } else if (const auto* hello = std::get_if<SayHello>(&message); hello && stream) {
            ++incarnation;
            std::set<AttemptKey> there;
            inbox.push_back(Accepted{Incarnation(incarnation), kLease, kBeat});
            for (const TaskState& task : hello->tasks) there.insert(task.attempt), on_report(task);
            for (auto it = ours.begin(); it != ours.end();) {  // what is not there is dead
              const bool lost = there.count(*it) == 0;
              if (lost) {
                ASSERT_EQ(tasks.count(*it), 0u) << "given away alive, seed " << seed;
                placed[*it] = true;
              }
              it = lost ? ours.erase(it) : std::next(it);
            }
          } else if (const auto* report = std::get_if<ReportTask>(&message); report && stream) {
            if (report->incarnation == Incarnation(incarnation)) on_report(report->task);
          } else if (std::holds_alternative<CloseStream>(message)) {
            stream = false;
          }
        }
      }
    };
    const auto list = [&] {
      std::vector<TaskState> all;
      for (const auto& [key, task] : tasks) all.push_back(task);
      return all;
    };
    for (int step = 0; step < 120; ++step) {
      now = now + seconds(1);
      const bool last = step > 100;
      switch (last ? 20u : random() % 8) {
        case 0:
          if (stream && core.registered()) {
            const AttemptKey key = Key(next_job++);
            placed[key] = false, ours.insert(key);
            feed(LaunchOrder{Incarnation(incarnation), key, std::make_shared<SignedLaunch>()});
          }
          break;
        case 1:
        case 2: {
          if (tasks.empty()) break;
          auto it = tasks.begin();
          std::advance(it, random() % tasks.size());
          TaskState& task = it->second;
          if (!task.started) {
            task = Running(task.attempt);
          } else if (!task.ended) {
            task = Over(task.attempt);
          }
          const TaskState copy = task;
          if (spawner) feed(TaskReported{copy});
          break;
        }
        case 3:
          if (stream) stream = false, feed(StreamClosed{"broke"});
          break;
        case 4:
          if (spawner) spawner = false, feed(SpawnerDown{});
          break;
        case 5:
          if (!spawner && random() % 2 == 0) {  // killed: what ran is lost, recorded ends are kept
            ++spawner_life;
            std::erase_if(tasks, [](const auto& each) { return !each.second.ended; });
          }
          break;
        default:
          if (last && step % 5 == 1 && spawner) spawner = false, feed(SpawnerDown{});
          if (!spawner) {
            spawner = true;
            feed(SpawnerUp{"s" + std::to_string(spawner_life), "boot", list()});
          }
          if (!stream) {
            stream = true;
            feed(StreamOpened{});
          }
          if (last) {
            for (auto& [key, task] : tasks) task = Over(key);
            for (const TaskState& task : list()) feed(TaskReported{task});
          }
      }
      if (::testing::Test::HasFatalFailure()) return;
    }
    for (const auto& [key, acknowledged] : placed)
      EXPECT_TRUE(acknowledged) << ToString(key) << " seed " << seed;
    EXPECT_TRUE(tasks.empty()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace bsub::worker
