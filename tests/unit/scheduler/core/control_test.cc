// Cancel, hold, release, requeue and priority: in every state, by every role.
#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Job 1 in the state asked for, on a cluster of one CPU.
void Bring(Env& env, JobState state) {
  env.AddNodes(1, Cpus(1));
  if (state == JobState::kPending) {
    env.Submit(Job().BeginAt(env.now() + std::chrono::hours(1)));
    return;
  }
  env.Submit(Job());
  if (state == JobState::kRunnable) return;
  env.Cycle();
  env.TakeLaunches();
  if (state == JobState::kStarting) return;
  env.Start("1");
  if (state == JobState::kRunning) return;
  env.Finish("1", Exit(state == JobState::kSucceeded ? 0 : 1));
}

constexpr JobState kStates[] = {JobState::kPending, JobState::kRunnable,  JobState::kStarting,
                                JobState::kRunning, JobState::kSucceeded, JobState::kFailed};

// The state after `action`, '-' if it was refused, and '!' if the task was told to stop.
template <typename Action>
std::string Table(Action action) {
  std::string row;
  for (const JobState state : kStates) {
    Env env;
    Bring(env, state);
    EXPECT_EQ(env.StateOf("1"), state);
    const std::size_t before = env.journal().size();
    const Status answer = action(env);
    row += (row.empty() ? "" : " ");
    if (!answer) {
      EXPECT_EQ(env.journal().size(), before) << "refused, but something was written";
      row += "-";
      continue;
    }
    row += ToString(env.StateOf("1"));
    if (!env.TakeStops().empty()) row += "!";
  }
  return row;
}

//                     from PENDING RUNNABLE STARTING RUNNING SUCCEEDED FAILED
TEST(Control, CancelByState) {
  EXPECT_EQ(Table([](Env& env) { return env.Cancel("1"); }), "FAILED FAILED STARTING! RUNNING! - -");
}
TEST(Control, RequeueByState) {
  EXPECT_EQ(Table([](Env& env) { return env.Requeue("1"); }), "- - STARTING! RUNNING! RUNNABLE RUNNABLE");
}
TEST(Control, HoldByState) {
  EXPECT_EQ(Table([](Env& env) { return env.Hold("1"); }), "PENDING RUNNABLE STARTING RUNNING - -");
}
TEST(Control, ReleaseNeedsAHold) {
  EXPECT_EQ(Table([](Env& env) { return env.Release("1"); }), "- - - - - -");
}
TEST(Control, PriorityByState) {
  EXPECT_EQ(Table([](Env& env) { return env.SetPriority("1", -5); }),
            "PENDING RUNNABLE STARTING RUNNING - -");
}

std::string Say(Env& env, sched::ControlAction action, bool again) {
  const sched::Outcome outcome =
      env.Handle(sched::Control{sched::ReplyTo(1), Alice(), action, {{1, std::nullopt}}, "", 0, again});
  for (const sched::Message& message : outcome.messages) {
    const auto* reply = std::get_if<sched::Reply>(&message);
    if (reply && reply->body) return Says(std::get<sched::ControlResults>(*reply->body).results.at(0));
  }
  return "no answer";
}

// The answer to the first one was lost: who asks again must not hear that it failed.
TEST(Control, WhatIsSaidAgainIsDoneAlready) {
  using enum sched::ControlAction;
  Env env;
  env.AddNodes(1, Cpus(1));
  env.Submit(Job().Held());
  ASSERT_EQ(Say(env, kRelease, false), "ok");
  EXPECT_THAT(Say(env, kRelease, false), HasSubstr("is not held"));
  EXPECT_EQ(Say(env, kRelease, true), "ok");
  ASSERT_EQ(Say(env, kCancel, false), "ok");
  const std::size_t entries = env.journal().size();
  EXPECT_THAT(Say(env, kCancel, false), HasSubstr("is already over"));
  EXPECT_EQ(Say(env, kCancel, true), "ok");
  EXPECT_EQ(Say(env, kHold, true), "ok");
  EXPECT_EQ(Say(env, kSetPriority, true), "ok");
  EXPECT_EQ(env.journal().size(), entries);
}

TEST(Control, RolesDecideBeforeAnythingElse) {
  const auto as = [](const Principal& who, const auto& action) {
    Env env;
    env.AddNodes(1, Cpus(1));
    env.Submit(Job().Held());
    return Says(action(env, who));
  };
  const auto cancel = [](Env& env, const Principal& who) { return env.Cancel("1", who); };
  const auto hold = [](Env& env, const Principal& who) { return env.Hold("1", who); };
  const auto release = [](Env& env, const Principal& who) { return env.Release("1", who); };
  const auto lower = [](Env& env, const Principal& who) { return env.SetPriority("1", -1, who); };
  const auto raise = [](Env& env, const Principal& who) { return env.SetPriority("1", 1, who); };
  const auto requeue = [](Env& env, const Principal& who) { return env.Requeue("1", who); };
  for (const Principal& who : {Alice(), Ops()}) {
    EXPECT_EQ(as(who, cancel), "ok");
    EXPECT_EQ(as(who, hold), "ok");
    EXPECT_EQ(as(who, release), "ok");
    EXPECT_EQ(as(who, lower), "ok");
  }
  EXPECT_EQ(as(Ops(), raise), "ok");
  EXPECT_THAT(as(Alice(), raise), HasSubstr("alice may not raise the priority of job 1"));
  EXPECT_THAT(as(Bob(), cancel), HasSubstr("bob may not cancel job 1"));
  EXPECT_THAT(as(Bob(), hold), HasSubstr("bob may not hold"));
  EXPECT_THAT(as(Bob(), release), HasSubstr("bob may not release"));
  EXPECT_THAT(as(Bob(), lower), HasSubstr("bob may not lower"));
  EXPECT_THAT(as(Bob(), requeue), HasSubstr("bob may not requeue"));
}

TEST(Control, ACancelledRunningJobFailsOnlyWhenItsAttemptIsOver) {
  Env env;
  Bring(env, JobState::kRunning);
  ASSERT_TRUE(env.Cancel("1", Alice(), "wrong input"));
  const auto stops = env.TakeStops();
  ASSERT_THAT(stops, SizeIs(1));
  EXPECT_EQ(stops[0].reason, sched::StopReason::kCancel);
  EXPECT_EQ(stops[0].grace, std::chrono::seconds(30));
  env.Finish("1", Exit(0));
  EXPECT_EQ(env.StateOf("1"), JobState::kFailed) << "it was cancelled, however politely it ended";
  EXPECT_EQ(env.LastEnd(JobId(1)), "cancelled by alice: wrong input");
}

// The first may have been lost on its way; that is why somebody asks again.
TEST(Control, CancellingTwiceSendsTheStopAgainAndRecordsItOnce) {
  Env env;
  Bring(env, JobState::kRunning);
  ASSERT_TRUE(env.Cancel("1"));
  EXPECT_THAT(env.TakeStops(), SizeIs(1));
  const Sequence recorded = env.state().last_sequence;
  ASSERT_TRUE(env.Cancel("1"));
  const auto stops = env.TakeStops();
  ASSERT_THAT(stops, SizeIs(1));
  EXPECT_EQ(stops[0].reason, sched::StopReason::kCancel);
  EXPECT_EQ(env.state().last_sequence, recorded);
}

TEST(Control, ACancelledJobIsNotRetried) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId a = env.Submit(Job().Retry(5));
  env.Cycle();
  ASSERT_TRUE(env.Cancel(a));
  env.Finish(a, Signalled(15));
  EXPECT_EQ(env.StateOf(a), JobState::kFailed);
}

TEST(Control, CancelWinsOverAnEarlierRequeueAndTheReverseIsRefused) {
  Env env;
  Bring(env, JobState::kRunning);
  ASSERT_TRUE(env.Requeue("1"));
  ASSERT_TRUE(env.Cancel("1"));
  EXPECT_THAT(Says(env.Requeue("1")), HasSubstr("being cancelled"));
  env.Finish("1", Signalled(15));
  EXPECT_EQ(env.StateOf("1"), JobState::kFailed);
}

TEST(Control, ARequeuedRunningJobRunsAgainUncharged) {
  Env env;
  Bring(env, JobState::kRunning);
  ASSERT_TRUE(env.Requeue("1"));
  env.TakeStops();
  env.Finish("1", Signalled(15));
  EXPECT_EQ(env.StateOf("1"), JobState::kRunnable);
  EXPECT_EQ(env.job(JobId(1)).task.charged, 0u);
  env.RunAll();
  EXPECT_EQ(env.StateOf("1"), JobState::kSucceeded);
}

TEST(Control, StopsOfAnUnreachableNodeAreSentWhenItIsBack) {
  Env env;
  Bring(env, JobState::kRunning);
  env.Disconnect("n1");
  ASSERT_TRUE(env.Cancel("1"));
  env.ExpectNothingElse();
  env.Connect("n1");
  EXPECT_THAT(env.TakeStops(), SizeIs(1));
  env.Finish("1", Signalled(15));
  EXPECT_EQ(env.StateOf("1"), JobState::kFailed);
}

TEST(Control, AHeldJobWaitsUntilReleased) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId a = env.Submit(Job().Held());
  env.Cycle();
  env.ExpectNothingElse();
  ASSERT_TRUE(env.Release(a));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(a));
}

TEST(Control, AHeldRunningJobStaysHeldForItsNextAttempt) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId a = env.Submit(Job().Retry(2));
  env.Cycle();
  env.TakeLaunches();
  ASSERT_TRUE(env.Hold(a));
  env.Finish(a, Exit(1));
  env.Cycle();
  env.ExpectNothingElse();
  ASSERT_TRUE(env.Release(a));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(a));
}

TEST(Control, OnlyAnAdministratorEndsAnAdministratorsHold) {
  for (const char* name : {"1", "2[2]"}) {
    Env env;
    env.AddNodes(1, Cpus(9));
    env.Submit(Job());
    env.Submit(Job().Array("1-3"));
    ASSERT_TRUE(env.Hold(name));
    ASSERT_TRUE(env.Hold(name, Ops())) << "over the owner's own";
    ASSERT_TRUE(env.Hold(name)) << "which does not take it over";
    EXPECT_THAT(Says(env.Release(name)), HasSubstr(std::string(name) + " was held by an administrator"));
    EXPECT_THAT(env.Explain(name), HasSubstr("held by an administrator"));
    env.RestartFromState();
    env.Connect("n1");
    EXPECT_THAT(Says(env.Release(name)), HasSubstr("ask one to release it"));
    ASSERT_TRUE(env.Release(name, Ops()));
    ASSERT_TRUE(env.Hold(name));
    EXPECT_EQ(Says(env.Release(name)), "ok") << "its own again";
  }
}

TEST(Control, ARequeueNeedsItsQueue) {
  Env env;
  ASSERT_TRUE(env.SetQueue({.name = "old"}));
  const JobId a = env.Submit(Job().Queue("old"));
  ASSERT_TRUE(env.Cancel(a));
  ASSERT_TRUE(env.DeleteQueue("old"));
  EXPECT_THAT(Says(env.Requeue(a)), HasSubstr("queue old"));
}

TEST(Control, ARequeuedJobTakesItsOldPlaceAmongItsEquals) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId a = env.Submit(Job().Retry(2));
  env.Cycle();
  env.TakeLaunches();
  env.Finish(a, Exit(1));  // goes to the front
  ASSERT_TRUE(env.Cancel(a));
  const JobId b = env.Submit(Job());
  ASSERT_TRUE(env.Requeue(a));
  EXPECT_FALSE(env.job(a).task.front) << "being sent back by a person is no retry";
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(a));
  EXPECT_EQ(env.StateOf(b), JobState::kRunnable);
}

TEST(Control, EachTargetGetsItsOwnAnswer) {
  Env env;
  env.Submit(Job());
  env.Submit(Job().By(Bob()));
  env.Submit(Job().Array("1-3"));
  const auto outcome = env.Handle(sched::Control{sched::ReplyTo(9),
                                                 Alice(),
                                                 sched::ControlAction::kCancel,
                                                 {{1, {}}, {2, {}}, {3, 9}, {1, 1}, {77, {}}},
                                                 "",
                                                 0});
  const auto& reply = std::get<sched::Reply>(outcome.messages.at(0));
  const auto& results = std::get<sched::ControlResults>(*reply.body).results;
  ASSERT_THAT(results, SizeIs(5));
  EXPECT_EQ(Says(results[0]), "ok");
  EXPECT_THAT(Says(results[1]), HasSubstr("may not cancel"));
  EXPECT_THAT(Says(results[2]), HasSubstr("has no child"));
  EXPECT_THAT(Says(results[3]), HasSubstr("is no array"));
  EXPECT_THAT(Says(results[4]), HasSubstr("job 77 does not exist"));
}

TEST(Control, TooManyTargetsAreRefusedAsAWhole) {
  sched::Settings settings = Env::DefaultSettings();
  settings.max_control_targets = 2;
  Env env(settings);
  env.Submit(Job());
  const auto outcome = env.Handle(sched::Control{
      sched::ReplyTo(9), Alice(), sched::ControlAction::kCancel, {{1, {}}, {1, {}}, {1, {}}}, "", 0});
  EXPECT_THAT(outcome.entries, IsEmpty());
  EXPECT_FALSE(std::get<sched::Reply>(outcome.messages.at(0)).body);
}

std::vector<Status> ResultsOf(const sched::Outcome& outcome) {
  for (const sched::Message& message : outcome.messages) {
    const auto* reply = std::get_if<sched::Reply>(&message);
    if (reply && reply->body) return std::get<sched::ControlResults>(*reply->body).results;
  }
  return {};
}

TEST(Control, OneThatIsNamedAgainGetsTheSameAnswerAndIsLookedAtOnce) {
  Env env;
  const JobId a = env.Submit(Job().Array("1-1000"));
  std::vector<JobTarget> targets(200, JobTarget{a.value(), {}});
  targets.push_back({a.value(), 7});
  targets.push_back({a.value(), 7});
  const auto outcome =
      env.Handle(sched::Control{sched::ReplyTo(9), Alice(), sched::ControlAction::kCancel, targets, "", 0});
  const std::vector<Status> results = ResultsOf(outcome);
  ASSERT_THAT(results, SizeIs(202));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(Says(results[static_cast<std::size_t>(i)]), "ok");
  EXPECT_THAT(Says(results[200]), HasSubstr("job 1[7] is already over"));
  EXPECT_EQ(Says(results[201]), Says(results[200]));
  EXPECT_THAT(outcome.entries, SizeIs(1));
}

TEST(Control, OneCallChangesABoundedNumberOfTasks) {
  sched::Settings settings = Env::DefaultSettings();
  settings.max_control_tasks = 100;
  Env env(settings);
  for (const char* indices : {"1-150", "1-60", "1-60", "1-40"}) env.Submit(Job().Array(indices));
  const auto call = [&](sched::ControlAction action,
                        std::vector<JobTarget> targets = {{1, {}}, {2, {}}, {3, {}}, {4, {}}}) {
    return ResultsOf(
        env.Handle(sched::Control{sched::ReplyTo(9), Alice(), action, std::move(targets), "", 0}));
  };
  auto results = call(sched::ControlAction::kCancel);
  ASSERT_THAT(results, SizeIs(4));
  EXPECT_EQ(Says(results[0]), "ok") << "one that is too large by itself must be possible";
  EXPECT_THAT(Says(results[1]),
              HasSubstr("job 2 was left as it is: this call has changed 150 tasks already, of "
                        "at most 100 (core.max_control_tasks)"));
  EXPECT_EQ(env.StateOf("2"), JobState::kPending);
  results = call(sched::ControlAction::kCancel);
  EXPECT_EQ(Says(results[1]), "ok");
  EXPECT_THAT(Says(results[2]), HasSubstr("name it again"));
  EXPECT_EQ(Says(results[3]), "ok") << "60 and 40";
  ASSERT_TRUE(call(sched::ControlAction::kCancel, {{3, {}}}).at(0));
  results = call(sched::ControlAction::kRequeue);
  EXPECT_EQ(Says(results[0]), "ok");
  EXPECT_THAT(Says(results[1]), HasSubstr("job 2 was left as it is"));
}

// It would be copied into the end of each job that can then never run.
TEST(Control, ALongReasonIsRefusedAsAWhole) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId a = env.Submit(Job());
  const std::size_t before = env.journal().size();
  const std::string longest(env.DefaultSettings().max_text_bytes, 'x');
  EXPECT_THAT(Says(env.Cancel(a, Alice(), longest + "x")), HasSubstr("1025 bytes long; at most 1024"));
  EXPECT_THAT(Says(env.Cancel(a, Alice(), "two\nlines")), HasSubstr("control character"));
  EXPECT_THAT(Says(env.SetNode(sched::NodeAction::kDrain, "n1", Ops(), longest + "x")),
              HasSubstr("reason 'xxx"));
  EXPECT_THAT(Says(env.SetQueue({.name = "q", .description = longest + "x"})), HasSubstr("description 'xxx"));
  EXPECT_EQ(env.journal().size(), before) << "nothing of it is kept";
  EXPECT_EQ(Says(env.SetNode(sched::NodeAction::kDrain, "n1", Ops(), longest)), "ok");
  EXPECT_EQ(Says(env.Cancel(a, Alice(), longest)), "ok");
}

TEST(Control, PriorityIsOfTheWholeJob) {
  Env env;
  env.Submit(Job().Array("1-3"));
  EXPECT_THAT(Says(env.SetPriority("1[2]", 3)), HasSubstr("whole job"));
  EXPECT_THAT(Says(env.SetPriority("1", 1'000'001)), HasSubstr("expected -1000000 to 1000000"));
  EXPECT_EQ(Says(env.SetPriority("1", 7)), "ok");
  EXPECT_EQ(env.job(JobId(1)).priority, 7);
}

}  // namespace
}  // namespace bsub::testing
