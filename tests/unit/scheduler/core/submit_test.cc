// Submitting: ids, tokens, limits, queues, and dependencies on names.
#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Refusal(Env& env, const Job& job) {
  const std::size_t before = env.journal().size();
  const auto result = env.TrySubmit(job);
  EXPECT_EQ(env.journal().size(), before) << "a refused submit must leave no trace";
  return result ? "accepted" : result.error().message;
}

TEST(Submit, IdsCountFromOneAndTheDefaultQueueIsNamed) {
  Env env;
  const auto first = env.TrySubmit(Job());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->job, JobId(1));
  EXPECT_EQ(first->queue, "default");
  EXPECT_TRUE(first->default_queue);
  EXPECT_EQ(env.Submit(Job()), JobId(2));
  EXPECT_EQ(env.job(JobId(1)).spec.settings->owner.name, "alice");
  env.ExpectNothingElse();
}

TEST(Submit, ARepeatedTokenReturnsTheFirstJobAndWritesNothing) {
  Env env;
  const JobId first = env.Submit(Job().Name("a").Token(7));
  const std::size_t entries = env.journal().size();
  const auto again = env.TrySubmit(Job().Name("a").Token(7));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->job, first);
  EXPECT_TRUE(again->repeated);
  EXPECT_TRUE(again->default_queue);
  EXPECT_EQ(env.journal().size(), entries);
  EXPECT_NE(env.Submit(Job().Token(8)), first);
  EXPECT_NE(env.Submit(Job()), env.Submit(Job())) << "no token: every submit is new";
}

TEST(Submit, ATokenIsFoundAgainAfterARestart) {
  Env env;
  const JobId first = env.Submit(Job().Token(7));
  env.Restart();
  EXPECT_EQ(env.Submit(Job().Token(7)), first);
  env.RestartFromState();
  EXPECT_EQ(env.Submit(Job().Token(7)), first);
}

// What was found good once is not looked at again, unless it was found so by another process.
TEST(Submit, SettingsThatWereGoodByOtherLimitsAreLookedAtAgain) {
  Env env;
  const Job job = Job().Nodes(4);
  env.Submit(job);
  EXPECT_EQ(env.Submit(job), JobId(2));
  EXPECT_THAT(Refusal(env, Job().Nodes(4).Name("a*")), HasSubstr("job name")) << "the rest is looked at";
  sched::Settings stricter = Env::DefaultSettings();
  stricter.spec_limits.max_nodes = 3;
  sched::Scheduler next(stricter);
  for (const sched::JournalEntry& entry : env.journal()) ASSERT_TRUE(next.Apply(entry));
  next.Handle({env.now(), sched::Started{}});
  sched::Outcome outcome;
  for (int i = 0; i < 2; ++i) {
    next.Handle({env.now(), sched::Submit{sched::ReplyTo(1), job.who(), job.spec()}}, outcome);
    EXPECT_THAT(outcome.entries, IsEmpty());
    ASSERT_EQ(outcome.messages.size(), 1U);
    const auto& reply = std::get<sched::Reply>(outcome.messages.front());
    ASSERT_FALSE(reply.body);
    EXPECT_THAT(reply.body.error().message, HasSubstr("nodes"));
  }
}

TEST(Submit, ATokenOfSomebodyElseIsNotAnswered) {
  Env env;
  env.Submit(Job().By(Alice()).Token(7));
  EXPECT_THAT(Refusal(env, Job().By(Bob()).Token(7)), HasSubstr("token"));
}

TEST(Submit, TheRepeatedAnswerEqualsTheFirst) {
  Env env;
  const auto first = env.TrySubmit(Job().Queue("default").Token(1));
  const auto again = env.TrySubmit(Job().Queue("default").Token(1));
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->default_queue, again->default_queue);
}

TEST(Submit, MissingSettingsAreRefusedNotFatal) {
  Env env;
  const sched::Outcome outcome = env.Handle(sched::Submit{sched::ReplyTo(1), Alice(), JobSpec{}});
  EXPECT_THAT(outcome.entries, IsEmpty());
  ASSERT_EQ(outcome.messages.size(), 1u);
  EXPECT_FALSE(std::get<sched::Reply>(outcome.messages[0]).body);
}

TEST(Submit, AnUnknownQueueNamesTheNearest) {
  Env env;
  ASSERT_TRUE(env.SetQueue({.name = "high"}));
  EXPECT_THAT(Refusal(env, Job().Queue("hihg")), HasSubstr("did you mean 'high'"));
}

TEST(Submit, ADisabledQueueSaysHowToOpenIt) {
  Env env;
  ASSERT_TRUE(env.SetQueue({.name = "high", .accepts = false}));
  EXPECT_THAT(Refusal(env, Job().Queue("high")), HasSubstr("bsub-lite queues enable high"));
}

TEST(Submit, QueueLimitsCountWaitingTasksAndChildren) {
  Env env;
  ASSERT_TRUE(env.SetQueue({.name = "q", .max_waiting = 5, .max_waiting_per_user = 3}));
  env.Submit(Job().Queue("q").Array("1-3"));
  EXPECT_THAT(Refusal(env, Job().Queue("q")), HasSubstr("limit of 3"));
  env.Submit(Job().Queue("q").By(Bob()).Array("1-2"));
  EXPECT_THAT(Refusal(env, Job().Queue("q").By(Bob())), HasSubstr("limit of 5"));
  ASSERT_TRUE(env.Cancel("1[1]"));
  EXPECT_TRUE(env.TrySubmit(Job().Queue("q")));
}

TEST(Submit, TheClusterLimitsAUserOverAllQueuesAndTheRowsKept) {
  sched::Settings settings = Env::DefaultSettings();
  settings.max_waiting_per_user = 2;
  settings.max_jobs = 3;
  Env env(settings);
  EXPECT_THAT(Refusal(env, Job().Array("1-3")), HasSubstr("limit of 2"));
  env.Submit(Job());
  env.Submit(Job());
  EXPECT_THAT(Refusal(env, Job()), HasSubstr("for user alice"));
  env.Submit(Job().By(Bob()));
  EXPECT_THAT(Refusal(env, Job().By(Bob())), HasSubstr("the limit is 3 (core.max_jobs)"));
}

TEST(Submit, WhatIsWrongInItselfIsRefused) {
  Env env;
  EXPECT_THAT(Refusal(env, Job().Name("a*b")), HasSubstr("job name"));
  EXPECT_THAT(Refusal(env, Job().Retry(11)), HasSubstr("attempts 11"));
  EXPECT_THAT(Refusal(env, Job().After("sequential()")), HasSubstr("array"));
}

TEST(Submit, DependencyNamesBecomeIdsOfOnesOwnJobs) {
  Env env;
  env.Submit(Job().Name("prep").By(Bob()));
  EXPECT_THAT(Refusal(env, Job().After("done(prep)")), HasSubstr("you have no job named prep"));
  env.Submit(Job().Name("prep"));
  env.Submit(Job().Name("prep"));
  const JobId waiter = env.Submit(Job().After("done(prep)"));
  EXPECT_EQ(ToString(env.job(waiter).spec.dependency), "done(2) && done(3)") << "all of that name, not Bob's";
}

TEST(Submit, AJobOfThatNameSubmittedLaterIsNotWaitedFor) {
  Env env;
  env.AddNodes(1, Cpus(8));
  env.Submit(Job().Name("prep"));
  const JobId waiter = env.Submit(Job().After("done(prep)"));
  const JobId later = env.Submit(Job().Name("prep").Held());
  env.RunAll();
  EXPECT_EQ(env.StateOf(waiter), JobState::kSucceeded);
  EXPECT_EQ(env.StateOf(later), JobState::kRunnable);
}

TEST(Submit, ANamePatternTakesAllThatBeginSo) {
  Env env;
  env.Submit(Job().Name("align-1"));
  env.Submit(Job().Name("call-1"));
  env.Submit(Job().Name("align-2"));
  const JobId waiter = env.Submit(Job().After("ended(align*)"));
  EXPECT_EQ(ToString(env.job(waiter).spec.dependency), "ended(1) && ended(3)");
}

TEST(Submit, UnknownTargetsAreNamed) {
  Env env;
  env.Submit(Job());
  env.Submit(Job().Array("1-4"));
  env.Submit(Job().Array("1-5"));
  EXPECT_THAT(Refusal(env, Job().After("done(99)")), HasSubstr("no such job"));
  EXPECT_THAT(Refusal(env, Job().After("done(4)")), HasSubstr("no such job")) << "itself";
  EXPECT_THAT(Refusal(env, Job().After("done(2[9])")), HasSubstr("no child with index 9"));
  EXPECT_THAT(Refusal(env, Job().After("done(1[1])")), HasSubstr("no child with index 1"));
  EXPECT_THAT(Refusal(env, Job().Array("1-4").After("done(1[*])")), HasSubstr("is not an array"));
  EXPECT_THAT(Refusal(env, Job().Array("1-4").After("done(3[*])")), HasSubstr("array sizes differ"));
}

TEST(Submit, EqualSettingsAreStoredOnce) {
  Env env;
  const JobId a = env.Submit(Job().Name("a").Cpus(3)), b = env.Submit(Job().Name("b").Cpus(3));
  const JobId c = env.Submit(Job().Name("c").Cpus(4));
  EXPECT_EQ(env.job(a).spec.settings.get(), env.job(b).spec.settings.get());
  EXPECT_NE(env.job(a).spec.settings.get(), env.job(c).spec.settings.get());
}

// Each pattern must cost what it matches and not what there is, and all of them what a dependency may hold.
TEST(Submit, PatternsAreBoundedByTheSizeOfADependency) {
  sched::Settings settings = Env::DefaultSettings();
  settings.spec_limits.dependency.max_nodes = 9;
  Env env(settings);
  for (const char* name : {"x1", "x2", "x3", "x4", "x5", "y", "w"}) env.Submit(Job().Name(name));
  env.Submit(Job().Name("x6").By(Bob()));
  const auto conditions = [&](const char* expression) {
    const auto accepted = env.TrySubmit(Job().Name("waiter").After(expression));
    return accepted ? ToString(env.job(accepted->job).spec.dependency) : accepted.error().message;
  };
  EXPECT_EQ(conditions("done(x*)"), "done(1) && done(2) && done(3) && done(4) && done(5)");
  for (const char* expression : {"done(x*) && done(y)", "done(y) && done(x*)", "done(x*) && done(x*)"}) {
    EXPECT_THAT(conditions(expression),
                HasSubstr("dependency done(x*): with all of your jobs of that name the "
                          "dependency has more than 9 conditions and operators"))
        << expression;
  }
  EXPECT_EQ(conditions("done(y*) || !done(x1*)"), "done(6) || !done(1)");
}

TEST(Submit, OnlyAdministratorsGoAboveTheHighestPriorityOfUsers) {
  Env env;
  EXPECT_THAT(Refusal(env, Job().Priority(101)),
              HasSubstr("priority 101: alice may ask for at most 100 (core.max_user_priority)"));
  EXPECT_THAT(Refusal(env, Job().Priority(1'000'000)), HasSubstr("ask an administrator"));
  env.Submit(Job().Priority(100));
  env.Submit(Job().Priority(-1'000'000));
  env.Submit(Job().Priority(1'000'000).By(Ops()));
}

}  // namespace
}  // namespace bsub::testing
