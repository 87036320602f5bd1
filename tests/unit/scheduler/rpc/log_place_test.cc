// Which attempt's output is shown, and where it is looked for.
#include "scheduler/rpc/log_place.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace bsub::rpc {
namespace {

struct LoggedJob {
  sched::State state;
  sched::Job job;

  LoggedJob() {
    state.last_sequence = Sequence(9);
    job.id = JobId(12);
  }
  void RunsAttempt(std::uint32_t number) {
    job.task.state = JobState::kRunning;
    job.task.attempts = number;
    job.task.attempt = std::make_unique<sched::Attempt>();
    job.task.attempt->number = number;
    job.task.attempt->node = NodeId(3);
  }
  void IsOverAfter(std::uint32_t attempts) {
    job.task.state = JobState::kSucceeded;
    job.task.attempts = attempts;
  }
  LogPlace Place(std::uint32_t attempt, std::uint32_t least) const {
    return PlaceInCore(state, job, 0, attempt, least);
  }
};

TEST(PlaceInCore, AJobThatHasNotStartedHasNoneYet) {
  const LogPlace place = LoggedJob().Place(0, 0);
  EXPECT_EQ(place.id, "12");
  EXPECT_EQ(place.seen.value(), 9u);
  EXPECT_TRUE(place.waiting);
  EXPECT_FALSE(place.live);
  EXPECT_FALSE(place.over);
}

TEST(PlaceInCore, ARunningAttemptIsOnItsNode) {
  LoggedJob logged;
  logged.RunsAttempt(2);
  for (const LogPlace& place : {logged.Place(0, 0), logged.Place(2, 0), logged.Place(0, 2)}) {
    EXPECT_TRUE(place.live);
    EXPECT_FALSE(place.waiting);
    EXPECT_EQ(place.attempt.number, 2u);
    EXPECT_EQ(place.node.value(), 3u);
    EXPECT_EQ(place.node_name, "#3") << "it was removed";
  }
}

TEST(PlaceInCore, AnOlderAttemptIsForTheHistory) {
  LoggedJob logged;
  logged.RunsAttempt(2);
  for (const LogPlace& place : {logged.Place(1, 0), logged.Place(0, 1)}) {
    EXPECT_FALSE(place.live);
    EXPECT_FALSE(place.waiting);
    EXPECT_FALSE(place.node.valid());
  }
}

TEST(PlaceInCore, TheAttemptAfterTheRunningOneIsWaitedFor) {
  LoggedJob logged;
  logged.RunsAttempt(2);
  const LogPlace place = logged.Place(0, 3);
  EXPECT_TRUE(place.waiting);
  EXPECT_FALSE(place.live);
}

TEST(PlaceInCore, NothingComesAfterTheLastAttemptOfAJobThatIsOver) {
  LoggedJob logged;
  logged.IsOverAfter(2);
  EXPECT_FALSE(logged.Place(0, 2).last_shown);
  EXPECT_TRUE(logged.Place(0, 3).last_shown);
  EXPECT_TRUE(logged.Place(0, 3).over);
  EXPECT_FALSE(logged.Place(0, 3).waiting);
}

TEST(ChooseAttempt, TheNewestTheOneAskedForOrTheFirstOneNotShown) {
  std::vector<PastAttempt> attempts(2);
  attempts[0].ended.attempt.number = 1;
  attempts[1].ended.attempt.number = 4;
  LogPlace place;
  EXPECT_EQ(ChooseAttempt(attempts, place), &attempts[1]);
  place.attempt.number = 1;
  EXPECT_EQ(ChooseAttempt(attempts, place), &attempts[0]);
  place.attempt.number = 2;
  EXPECT_EQ(ChooseAttempt(attempts, place), nullptr);
  place.attempt.number = 0;
  place.least = 2;
  EXPECT_EQ(ChooseAttempt(attempts, place), &attempts[1]);
  place.least = 5;
  EXPECT_EQ(ChooseAttempt(attempts, place), nullptr);
}

}  // namespace
}  // namespace bsub::rpc
