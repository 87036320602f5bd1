// The machine's clock is wrong, or is set while the scheduler runs: the journal's time never goes back,
// nobody is declared lost for it, and a job begins when the clock says so.
#include <algorithm>
#include <chrono>

#include "tests/integration/scheduler/scheduler_process.h"
#include "tests/support/misfortune/unlucky.h"

namespace bsub::testing {
namespace {

using std::chrono::hours;
using ::testing::Contains;
using ::testing::HasSubstr;

constexpr const char* kOftenAwake = "loop:\n  longest_sleep: 50ms\n";

class ClockTest : public DaemonTest {
 protected:
  // What the scheduler's machine says.
  TimePoint Wall() { return daemon::WallNow() + Duration(unlucky_->clock_offset_us.load()); }
  v1::SubmitRequest BeginningIn(Duration wait) {
    v1::SubmitRequest request = Command({"true"});
    request.set_begin_at_us((Wall() + wait).micros());
    return request;
  }
  // The job is launched next, and its begin time has come.
  void ExpectLaunchNext(FakeNode& node, std::uint64_t job, TimePoint begin) {
    const auto launch = node.TakeLaunch();
    ASSERT_TRUE(launch);
    EXPECT_EQ(launch->attempt().job(), job);
    EXPECT_GE(Wall(), begin);
    node.ReportEnded(launch->attempt(), EndKind::kExited, 0);
  }
  void ExpectTimesInOrder(v1::Scheduler::Stub& client) {
    grpc::ClientContext context;
    const auto stream = client.Events(&context, {});
    std::vector<std::int64_t> times;
    for (v1::Event event; stream->Read(&event);) times.push_back(event.at_us());
    EXPECT_TRUE(stream->Finish().ok());
    EXPECT_GE(times.size(), 5u);
    EXPECT_TRUE(std::is_sorted(times.begin(), times.end())) << ::testing::PrintToString(times);
  }

  Unlucky unlucky_{directory_.path() + "/misfortune", "/nothing/"};
};

TEST_F(ClockTest, AStartBehindTheJournalsLastTime) {
  unlucky_.SetClock(hours(5));
  {
    SchedulerProcess scheduler(home_);
    scheduler.WaitReady();
    SubmitOk(*scheduler.Client(), Command({"true"}));
    scheduler.Kill(SIGKILL);
  }
  unlucky_.SetClock(hours(0));  // somebody has put it right
  SchedulerProcess scheduler(home_, WithSettings(kOftenAwake));
  scheduler.WaitReady();
  const auto client = scheduler.Client();
  EXPECT_THAT(scheduler.Status().warnings(), Contains(HasSubstr("behind the scheduler's time")));
  // Its begin time has passed by the journal's time, but not by the clock.
  const v1::SubmitRequest later = BeginningIn(hours(1));
  SubmitOk(*client, later);
  FakeNode node(scheduler.Connect(), HelloOf("n1", 1));
  ASSERT_TRUE(node.Accept());
  ExpectLaunchNext(node, 1, TimePoint());
  const v1::SubmitRequest soon = BeginningIn(std::chrono::milliseconds(300));
  SubmitOk(*client, soon);
  ExpectLaunchNext(node, 3, TimePoint(soon.begin_at_us()));
  EXPECT_EQ(GetJobOk(*client, "2").state(), "PENDING");
  unlucky_.SetClock(hours(2));
  ExpectLaunchNext(node, 2, TimePoint(later.begin_at_us()));
  ExpectTimesInOrder(*client);
}

TEST_F(ClockTest, SetForwardAndBackWhileItRuns) {
  SchedulerProcess scheduler(home_,
                             WithSettings(std::string(kOftenAwake) + "core:\n  finished_retention: 1h\n"));
  scheduler.WaitReady();
  const auto client = scheduler.Client();
  FakeNode node(scheduler.Connect(), HelloOf("n1", 1));
  ASSERT_TRUE(node.Accept());
  SubmitOk(*client, Command({"true"}));
  ExpectLaunchNext(node, 1, TimePoint());
  const v1::SubmitRequest two = BeginningIn(hours(1)), three = BeginningIn(hours(3));
  SubmitOk(*client, two);
  SubmitOk(*client, three);

  unlucky_.SetClock(hours(2));
  ExpectLaunchNext(node, 2, TimePoint(two.begin_at_us()));
  EXPECT_EQ(GetJobOk(*client, "3").state(), "PENDING");
  // Durations are measured: what was finished a moment ago is not old.
  EXPECT_EQ(GetJobOk(*client, "1").state(), "SUCCEEDED");

  unlucky_.SetClock(-hours(10));
  const v1::SubmitRequest four = BeginningIn(hours(1));
  SubmitOk(*client, four);
  SubmitOk(*client, Command({"true"}));  // goes first: the others are not due
  ExpectLaunchNext(node, 5, TimePoint());
  EXPECT_EQ(GetJobOk(*client, "4").state(), "PENDING");
  unlucky_.SetClock(hours(0));
  ExpectLaunchNext(node, 4, TimePoint(four.begin_at_us()));
  ExpectTimesInOrder(*client);
}

// Where the node kills by its own clock, the scheduler may give its tasks away after the lease: measured, not
// read from the clock.
TEST_F(ClockTest, ALeaseDoesNotRunOutBecauseTheClockIsSet) {
  SchedulerProcess scheduler(home_, WithSettings(kOftenAwake));
  scheduler.WaitReady();
  const auto client = scheduler.Client();
  SubmitOk(*client, Command({"true"}));
  {
    v1::Hello hello = HelloOf("kills", 1);
    hello.set_kill_on_lease_loss(true);
    FakeNode node(scheduler.Connect(), hello);
    ASSERT_TRUE(node.Accept());
    const auto launch = node.TakeLaunch();
    ASSERT_TRUE(launch);
    node.ReportStarted(launch->attempt());
    Eventually([&] { return GetJobOk(*client, "1").state() == "RUNNING"; }, "it runs");
  }
  Eventually([&] { return GetJobOk(*client, "1").attempts(0).phase() == "contact lost"; },
             "the node is gone");
  FakeNode other(scheduler.Connect(), HelloOf("other", 1));
  ASSERT_TRUE(other.Accept());
  for (const hours offset : {hours(3), hours(-3), hours(300)}) {
    unlucky_.SetClock(offset);
    const v1::SubmitRequest due = BeginningIn(std::chrono::milliseconds(1));
    const std::uint64_t job = SubmitOk(*client, due).job_id();
    ExpectLaunchNext(other, job, TimePoint(due.begin_at_us()));  // time was looked at since
    EXPECT_EQ(GetJobOk(*client, "1").attempts(0).phase(), "contact lost") << offset.count();
  }
}

}  // namespace
}  // namespace bsub::testing
