#include "worker/daemon/spawner_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "worker/daemon/spawner_link.h"

namespace bsub::worker {
namespace {

namespace wire = v1::spawner;
using ::testing::HasSubstr;

// A TaskStatus whose end is no message at all.
wire::LooseTaskStatus Unreadable(std::uint64_t job, bool started) {
  wire::LooseTaskStatus status;
  status.mutable_attempt()->set_job(job);
  status.mutable_attempt()->set_number(1);
  status.set_incarnation(3);
  status.set_started(started);
  status.set_ended("\xff\xff");
  return status;
}

wire::FromSpawner Decoded(const wire::LooseFromSpawner& said) {
  wire::FromSpawner message;
  EXPECT_TRUE(DecodeFromSpawner(said.SerializeAsString(), message));
  return message;
}

TEST(DecodeFromSpawner, ReadsWhatIsWell) {
  wire::FromSpawner said;
  said.mutable_task()->mutable_attempt()->set_job(7);
  said.mutable_task()->mutable_ended()->set_reason("gone");
  wire::FromSpawner heard;
  ASSERT_TRUE(DecodeFromSpawner(said.SerializeAsString(), heard));
  EXPECT_EQ(heard.SerializeAsString(), said.SerializeAsString());
}

TEST(DecodeFromSpawner, AnUnreadableEndIsAnEndAllTheSame) {
  wire::LooseFromSpawner said;
  said.set_task(Unreadable(7, false).SerializeAsString());
  const TaskState never = StateFrom(Decoded(said).task());
  EXPECT_EQ(never.attempt.job, JobId(7));
  EXPECT_TRUE(never.ended);
  EXPECT_EQ(never.end.kind, EndKind::kNeverStarted);
  EXPECT_THAT(never.end.reason, HasSubstr("cannot read how its spawner says this ended"));

  said.set_task(Unreadable(7, true).SerializeAsString());
  const TaskState ran = StateFrom(Decoded(said).task());
  EXPECT_TRUE(ran.ended);
  EXPECT_EQ(ran.end.kind, EndKind::kNodeLost) << "how it ended is not known";
}

TEST(DecodeFromSpawner, AnUnreadableEndDoesNotHideTheOtherTasks) {
  wire::TaskStatus good;
  good.mutable_attempt()->set_job(8);
  good.set_started(true);
  wire::LooseTaskList list;
  list.add_tasks(Unreadable(7, false).SerializeAsString());
  list.add_tasks(good.SerializeAsString());
  list.set_last(true);
  wire::LooseFromSpawner said;
  said.set_tasks(list.SerializeAsString());
  const wire::FromSpawner heard = Decoded(said);
  ASSERT_EQ(heard.tasks().tasks_size(), 2);
  EXPECT_TRUE(heard.tasks().last());
  EXPECT_TRUE(heard.tasks().tasks(0).has_ended());
  EXPECT_EQ(heard.tasks().tasks(1).SerializeAsString(), good.SerializeAsString());
}

TEST(DecodeFromSpawner, AListThatLacksATaskIsNoList) {
  wire::LooseTaskList list;
  list.add_tasks("\xff\xff");
  wire::LooseFromSpawner said;
  said.set_tasks(list.SerializeAsString());
  wire::FromSpawner heard;
  EXPECT_FALSE(DecodeFromSpawner(said.SerializeAsString(), heard)) << "the task would count as dead";
  EXPECT_FALSE(DecodeFromSpawner("\xff\xff", heard));
}

// As spawners of before wrote it.
TEST(StateFrom, WhatWasToldToStopIsSaidToBe) {
  wire::TaskStatus status;
  status.mutable_ended()->set_kind(wire::SIGNALLED);
  for (const wire::StopCause cause : {wire::REQUESTED, wire::WALL_TIME, wire::LEASE_LOST, wire::SHUT_DOWN}) {
    status.mutable_ended()->set_stop_cause(cause);
    EXPECT_TRUE(StateFrom(status).stopped) << cause;
  }
  for (const wire::StopCause cause : {wire::NOT_STOPPED, wire::NODE_FAULT}) {
    status.mutable_ended()->set_stop_cause(cause);
    EXPECT_FALSE(StateFrom(status).stopped) << cause;
  }
}

TEST(StateFrom, AReasonOfRawBytesBecomesText) {
  wire::TaskStatus status;
  status.mutable_ended()->set_kind(wire::NEVER_STARTED);
  status.mutable_ended()->set_reason("cannot run '/tmp/nope\xe9'");
  EXPECT_EQ(StateFrom(status).end.reason, "cannot run '/tmp/nope\\xe9'");
}

}  // namespace
}  // namespace bsub::worker
