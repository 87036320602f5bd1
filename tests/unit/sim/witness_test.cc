// That the fault simulator's witness objects to what must never be in a journal: entries that no core would
// make.
#include "sim/witness.h"

#include <gmock/gmock.h>

#include <memory>
#include <utility>

#include "sim/trace.h"
#include "tests/support/builders.h"

namespace bsub::sim {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class WitnessTest : public ::testing::Test {
 protected:
  WitnessTest() {
    for (const char* queue : {"default", "high"}) {
      sched::QueueSet set;
      set.queue.name = queue;
      if (set.queue.name == "high") set.queue.priority = 1, set.queue.preempts = {"default"};
      Says(set);
    }
    sched::NodeDescription node;
    node.name = "n1";
    node.total = testing::Cpus(8);
    Says(sched::NodeRegistered{kNode, kIncarnation, std::move(node)});
  }

  // What it objects to; empty: nothing.
  std::string Says(sched::EntryBody body) {
    try {
      witness_.Durable({Sequence(++sequence_), now_, std::move(body)});
      return "";
    } catch (const Violation& violation) {
      return violation.what;
    }
  }
  std::string Submit(JobId id, const testing::Job& job) {
    JobSpec spec = job.spec();
    auto settings = std::make_shared<JobSettings>(*spec.settings);
    if (settings->queue.empty()) settings->queue = "default";
    spec.settings = std::move(settings);
    return Says(sched::JobSubmitted{id, std::move(spec)});
  }
  std::string Place(JobId id) {
    return Says(sched::AttemptPlaced{Attempt(id), kNode, kIncarnation, testing::Cpus(1, 1), {}});
  }
  std::string Reserve(const std::string& name, Duration in, Duration length) {
    return Says(sched::ReservationMade{{name, now_ + in, now_ + in + length, {kNode}, {"alice"}, "ops"}});
  }
  static sched::AttemptRef Attempt(JobId id) { return {{id, 0}, 1}; }

  static constexpr NodeId kNode{1};
  static constexpr Incarnation kIncarnation{1};
  Witness witness_;
  std::uint64_t sequence_ = 0;
  TimePoint now_ = TimePoint(1'000'000'000'000);
};

TEST_F(WitnessTest, NobodyElseIsOnReservedNodes) {
  EXPECT_THAT(Reserve("r#1", 1h, 1h), IsEmpty());
  EXPECT_THAT(Submit(JobId(1), testing::Job().Walltime(1h)), IsEmpty());
  EXPECT_THAT(Place(JobId(1)), IsEmpty()) << "it is over in time";
  EXPECT_THAT(Submit(JobId(2), testing::Job().Walltime(61min)), IsEmpty());
  EXPECT_THAT(Place(JobId(2)), HasSubstr("may still run on a node when it is reserved as r#1"));
}

TEST_F(WitnessTest, JobsOfAReservationAreInIt) {
  EXPECT_THAT(Submit(JobId(1), testing::Job().Reservation("r#1").Walltime(1h)), HasSubstr("there is not"));
  EXPECT_THAT(Reserve("r#1", 1h, 1h), IsEmpty());
  EXPECT_THAT(Submit(JobId(2), testing::Job().Reservation("r#1").Walltime(1h)), IsEmpty());
  EXPECT_THAT(Place(JobId(2)), HasSubstr("outside of its reservation")) << "it has not begun";
}

TEST_F(WitnessTest, ALaterReservationOfTheNameIsAnother) {
  EXPECT_THAT(Reserve("r#1", 0h, 2h), IsEmpty());
  EXPECT_THAT(Submit(JobId(1), testing::Job().Reservation("r#1").Walltime(1h)), IsEmpty());
  EXPECT_THAT(Says(sched::ReservationEnded{"r#1", "ops"}), IsEmpty());
  EXPECT_THAT(Reserve("r#1", 0h, 2h), IsEmpty());
  EXPECT_THAT(Place(JobId(1)), HasSubstr("r#1"));
}

TEST_F(WitnessTest, NothingIsReservedWhereSomebodyMayStillRun) {
  EXPECT_THAT(Submit(JobId(1), testing::Job().Walltime(1h)), IsEmpty());
  EXPECT_THAT(Place(JobId(1)), IsEmpty());
  EXPECT_THAT(Reserve("late#2", 1h, 1h), IsEmpty());
  EXPECT_THAT(Reserve("early#2", 59min, 1min), HasSubstr("may still run when it begins"));
  EXPECT_THAT(Says(sched::ReservationEnded{"late#2", ""}), HasSubstr("before its time is over"));
}

TEST_F(WitnessTest, WhoIsPreemptedRunsAgainUncharged) {
  EXPECT_THAT(Submit(JobId(1), testing::Job()), IsEmpty());
  EXPECT_THAT(Submit(JobId(2), testing::Job()), IsEmpty());
  EXPECT_THAT(Submit(JobId(3), testing::Job().Queue("high")), IsEmpty());
  EXPECT_THAT(Place(JobId(1)), IsEmpty());
  const auto preempt = [&](JobId whom) {
    return Says(
        sched::AttemptNoticed{Attempt(JobId(1)), kNode, now_ + 1min, sched::NoticeKind::kPreempted, whom});
  };
  EXPECT_THAT(preempt(JobId(2)), HasSubstr("does not go before its own"));
  EXPECT_THAT(preempt(JobId(3)), IsEmpty());
  EXPECT_EQ(witness_.preemptions(), 1u);
  EXPECT_THAT(Says(sched::StopRequested{Attempt(JobId(1)), sched::StopReason::kNotice, "", ""}), IsEmpty());
  sched::AttemptEnded ended;
  ended.attempt = Attempt(JobId(1));
  ended.end = {EndKind::kRequeued, 0, "", ""};
  ended.then = sched::AfterAttempt::kRetry;
  EXPECT_THAT(Says(ended), HasSubstr("was preempted, and is charged for it"));
  ended.charged = false;
  EXPECT_THAT(Says(ended), IsEmpty());
}

}  // namespace
}  // namespace bsub::sim
