// Nodes: how they register, go away, come back with or without their tasks, and when an attempt may be given
// away.
#include <gmock/gmock.h>

#include "tests/support/scheduler_env.h"

namespace bsub::testing {
namespace {

using namespace std::chrono_literals;
using sched::NodeAction;
using sched::NodeState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr Duration kLease = 30s, kMargin = 45s;  // the defaults

const sched::Node& NodeOf(const Env& env, std::string_view name) { return *env.state().FindNode(name); }

// Job 1 running on n1, of 4 CPUs.
void RunOne(Env& env, sched::OnLeaseLoss policy = sched::OnLeaseLoss::kKeep) {
  FakeNode fake("n1", Cpus(4));
  fake.description.on_lease_loss = policy;
  env.AddNode(std::move(fake));
  env.Submit(Job());
  env.Cycle();
  env.Start("1");
  env.TakeLaunches();
}

TEST(Node, ANameKeepsItsIdAndEachRegistrationIsANewIncarnation) {
  Env env;
  env.AddNodes(2, Cpus(4));
  const NodeId id = env.node("n1").id;
  const Incarnation first = env.node("n1").incarnation;
  env.Disconnect("n1");
  env.Connect("n1");
  EXPECT_EQ(env.node("n1").id, id);
  EXPECT_GT(env.node("n1").incarnation, first);
  EXPECT_NE(env.node("n2").id, id);
  EXPECT_NE(env.node("n2").incarnation, env.node("n1").incarnation);
  env.ExpectNothingElse();
}

TEST(Node, ANodeWithoutNameOrCpuIsRefused) {
  Env env;
  env.AddNode(FakeNode("", Cpus(4)));
  env.AddNode(FakeNode("n1", Cpus(0)));
  const auto refusals = env.TakeRefusals();
  ASSERT_THAT(refusals, SizeIs(2));
  EXPECT_THAT(refusals[0].message, HasSubstr("name is empty"));
  EXPECT_THAT(refusals[1].message, HasSubstr("offers no CPU"));
  EXPECT_THAT(env.state().nodes, IsEmpty());
}

TEST(Node, ASecondMachineMayNotTakeTheNameOfAConnectedOne) {
  Env env;
  env.AddNodes(1, Cpus(4));
  FakeNode other("n1", Cpus(4));
  other.description.host = "elsewhere.example";
  env.AddNode(other);
  const auto refusals = env.TakeRefusals();
  ASSERT_THAT(refusals, SizeIs(1));
  EXPECT_EQ(refusals[0].code, Code::kAlreadyExists);
  EXPECT_THAT(refusals[0].message, HasSubstr("connected from host n1.example"));
}

// Two spawners of one host, both started with the host's name: each would take the node from the other for
// ever.
TEST(Node, NorAnotherSpawnerOnTheSameHost) {
  FakeNode other("n1", Cpus(4));
  other.description.state_id = "another-directory";
  other.description.spawner_id = "another";
  for (const bool connected : {true, false}) {
    Env env;
    RunOne(env);
    if (!connected) env.Disconnect("n1");
    env.AddNode(other);
    const auto refusals = env.TakeRefusals();
    ASSERT_THAT(refusals, SizeIs(1));
    EXPECT_THAT(refusals[0].message,
                HasSubstr(connected ? "connected from host n1.example, spawner state n1-state; give this one"
                                    : "declare-dead n1"));
    EXPECT_EQ(env.StateOf("1"), JobState::kRunning);
  }
}

// A copied machine has all the names of the first, and looks like its next boot.
TEST(Node, NorACopyOfItWhileItIsConnected) {
  Env env;
  RunOne(env);
  FakeNode copy("n1", Cpus(4));
  copy.description.boot_id = "of the copy";
  env.AddNode(copy);
  const auto refusals = env.TakeRefusals();
  ASSERT_THAT(refusals, SizeIs(1));
  EXPECT_EQ(refusals[0].code, Code::kAlreadyExists) << "it tries again: it may be a reboot after all";
  EXPECT_EQ(env.StateOf("1"), JobState::kRunning);
}

// Two live attempts of one job would follow: the first machine still runs its task.
TEST(Node, NorOfOneThatMayStillRunTasks) {
  Env env;
  RunOne(env);
  env.Disconnect("n1");
  FakeNode other("n1", Cpus(4));
  other.description.host = "elsewhere.example";
  env.AddNode(other);
  const auto refusals = env.TakeRefusals();
  ASSERT_THAT(refusals, SizeIs(1));
  EXPECT_THAT(refusals[0].message, HasSubstr("declare-dead n1"));
  EXPECT_EQ(env.StateOf("1"), JobState::kRunning);
}

TEST(Node, AnotherMachineMayTakeTheNameOfADeadOrIdleOne) {
  Env env;
  env.AddNodes(1, Cpus(4));
  env.Disconnect("n1");
  FakeNode other("n1", Cpus(8));
  other.description.host = "elsewhere.example";
  env.AddNode(other);
  EXPECT_THAT(env.TakeRefusals(), IsEmpty());
  EXPECT_EQ(NodeOf(env, "n1").description.total, Cpus(8));
}

TEST(Node, TasksGoOnWhenTheNodeComesBackWithThem) {
  Env env;
  RunOne(env);
  env.Disconnect("n1");
  EXPECT_EQ(NodeOf(env, "n1").state, NodeState::kContactLost);
  EXPECT_EQ(env.StateOf("1"), JobState::kRunning);
  env.Connect("n1");
  EXPECT_EQ(NodeOf(env, "n1").state, NodeState::kUp);
  env.Finish("1", Exit(0));
  EXPECT_EQ(env.StateOf("1"), JobState::kSucceeded);
  EXPECT_EQ(env.job(JobId(1)).task.attempts, 1u);
  env.ExpectNothingElse();
}

TEST(Node, WhatStartedAndEndedInTheMeantimeIsHeardAndAcknowledged) {
  Env env;
  env.AddNodes(1, Cpus(4));
  env.Submit(Job());
  env.Submit(Job());
  env.Cycle();
  env.TakeLaunches();
  env.Disconnect("n1");
  env.Start("1");
  env.Finish("2", Exit(7));
  env.Connect("n1");
  EXPECT_EQ(env.StateOf("1"), JobState::kRunning);
  EXPECT_EQ(env.StateOf("2"), JobState::kFailed);
  EXPECT_THAT(env.node("n1").tasks, SizeIs(1)) << "the end was acknowledged, so it is forgotten";
}

TEST(Node, WhatItComesBackWithoutIsLost) {
  Env env;
  RunOne(env);
  env.node("n1").tasks.clear();
  env.Connect("n1");
  EXPECT_EQ(env.StateOf("1"), JobState::kRunnable);
  EXPECT_EQ(env.LastEnd(JobId(1)), "its node was lost: node n1 came back without the task");
}

TEST(Node, ReasonsOfLossTellRebootFromRestart) {
  Env env;
  RunOne(env);
  env.node("n1").RestartSpawner();
  env.Connect("n1");
  EXPECT_THAT(env.LastEnd(JobId(1)), HasSubstr("node n1 was restarted"));
  env.Cycle();
  env.node("n1").Reboot();
  env.Disconnect("n1");
  env.Connect("n1");
  EXPECT_THAT(env.LastEnd(JobId(1)), HasSubstr("node n1 was rebooted"));
}

TEST(Node, ALaunchThatWasLostOnTheWayIsMadeAgain) {
  Env env;
  env.AddNodes(1, Cpus(4));
  env.Submit(Job());
  env.LoseMessages(true);
  env.Cycle();
  env.LoseMessages(false);
  EXPECT_THAT(env.TakeLaunches(), SizeIs(1));
  EXPECT_EQ(env.StateOf("1"), JobState::kStarting);
  env.Disconnect("n1");
  env.Connect("n1");
  env.Cycle();
  const auto launches = env.TakeLaunches();
  ASSERT_THAT(launches, SizeIs(1));
  EXPECT_EQ(launches[0].attempt.number, 2u);
  EXPECT_EQ(env.job(JobId(1)).task.charged, 0u);
}

TEST(Node, ReportsOfAnOlderIncarnationAreIgnored) {
  Env env;
  RunOne(env);
  const Incarnation old = env.node("n1").incarnation;
  env.Disconnect("n1");
  env.Connect("n1");
  const auto outcome = env.Handle(sched::TaskEnded{env.node("n1").id, old, {{JobId(1), 0}, 1}, Exit(0), {}});
  EXPECT_THAT(outcome.entries, IsEmpty());
  EXPECT_THAT(outcome.messages, IsEmpty()) << "no acknowledgement either: the node will say it again";
  EXPECT_EQ(env.StateOf("1"), JobState::kRunning);
}

TEST(Node, ReportsOfAnUnknownNodeOrTaskAreHarmless) {
  Env env;
  RunOne(env);
  FakeNode& n1 = env.node("n1");
  EXPECT_THAT(
      env.Handle(sched::TaskEnded{NodeId(9), Incarnation(1), {{JobId(1), 0}, 1}, Exit(0), {}}).entries,
      IsEmpty());
  EXPECT_THAT(env.Handle(sched::TaskEnded{n1.id, n1.incarnation, {{JobId(8), 0}, 1}, Exit(0), {}}).entries,
              IsEmpty());
  EXPECT_THAT(env.Handle(sched::TaskEnded{n1.id, n1.incarnation, {{JobId(1), 5}, 1}, Exit(0), {}}).entries,
              IsEmpty());
  EXPECT_THAT(env.Handle(sched::TaskStarted{n1.id, n1.incarnation, {{JobId(1), 0}, 9}, 1}).entries,
              IsEmpty());
  EXPECT_THAT(env.Handle(sched::NodeStreamClosed{sched::StreamId(99), ""}).entries, IsEmpty());
}

// A node may not report on what runs elsewhere.
TEST(Node, OnlyTheNodeOfAnAttemptIsBelieved) {
  Env env;
  env.AddNodes(2, Cpus(1));
  env.Submit(Job());
  env.Submit(Job());
  env.Cycle();
  FakeNode& n2 = env.node("n2");
  env.Handle(sched::TaskEnded{n2.id, n2.incarnation, {{JobId(1), 0}, 1}, Exit(0), {}});
  EXPECT_EQ(env.StateOf("1"), JobState::kStarting);
}

TEST(Node, ATaskTheSchedulerNoLongerWantsIsStopped) {
  Env env;
  RunOne(env);
  env.Disconnect("n1");
  ASSERT_TRUE(env.SetNode(NodeAction::kDeclareDead, "n1"));
  EXPECT_EQ(env.StateOf("1"), JobState::kRunnable);
  env.Connect("n1");  // it was alive after all
  const auto stops = env.TakeStops();
  ASSERT_THAT(stops, SizeIs(1));
  EXPECT_EQ(stops[0].reason, sched::StopReason::kDuplicate);
  EXPECT_EQ(stops[0].grace, 0s);
  EXPECT_EQ(env.StateOf("1"), JobState::kRunnable);
}

TEST(Node, TheEndOfAnUnwantedTaskIsAcknowledgedAndIgnored) {
  Env env;
  RunOne(env);
  env.Disconnect("n1");
  ASSERT_TRUE(env.SetNode(NodeAction::kDeclareDead, "n1"));
  env.node("n1").tasks.begin()->second.ended = true;
  env.node("n1").tasks.begin()->second.end = Exit(0);
  env.Connect("n1");
  EXPECT_THAT(env.node("n1").tasks, IsEmpty());
  EXPECT_EQ(env.StateOf("1"), JobState::kRunnable);
  env.ExpectNothingElse();
}

TEST(Node, AnOlderStreamThatClosesLateDoesNotHurtTheNewOne) {
  Env env;
  env.AddNodes(1, Cpus(4));
  const sched::StreamId old = env.node("n1").stream;
  env.Connect("n1");
  env.Handle(sched::NodeStreamClosed{old, "late"});
  EXPECT_EQ(NodeOf(env, "n1").state, NodeState::kUp);
  EXPECT_TRUE(env.scheduler().UsageOf(env.node("n1").id).connected);
}

// --- leases

TEST(Lease, AKeepingNodeKeepsItsTasksForEver) {
  Env env;
  RunOne(env);
  env.Disconnect("n1");
  env.Advance(24h * 30);
  EXPECT_EQ(NodeOf(env, "n1").state, NodeState::kContactLost);
  EXPECT_EQ(env.StateOf("1"), JobState::kRunning);
  EXPECT_THAT(env.Why("1"), ElementsAre(sched::ReasonCode::kContactLost));
}

TEST(Lease, AKillingNodeIsDeadAfterLeaseAndMargin) {
  Env env;
  RunOne(env, sched::OnLeaseLoss::kKill);
  env.Disconnect("n1");
  env.Advance(kLease + kMargin - 1us);
  EXPECT_EQ(env.StateOf("1"), JobState::kRunning) << "its spawner may not have killed it yet";
  env.Advance(1us);
  EXPECT_EQ(env.StateOf("1"), JobState::kRunnable);
  EXPECT_EQ(NodeOf(env, "n1").state, NodeState::kDown);
  EXPECT_EQ(env.LastEnd(JobId(1)), "its node was lost: the lease of node n1 ran out without contact");
}

// Or two attempts could be alive at once.
TEST(Lease, ANodeWhoseTasksOutliveTheMarginIsRefused) {
  Env env;
  FakeNode fake("n1", Cpus(4));
  fake.description.on_lease_loss = sched::OnLeaseLoss::kKill;
  fake.lease_grace = kMargin + 1s;
  env.AddNode(fake);
  const auto refusals = env.TakeRefusals();
  ASSERT_THAT(refusals, SizeIs(1));
  EXPECT_THAT(refusals[0].message, HasSubstr("--lease-grace and --lease-slack"));
  EXPECT_THAT(refusals[0].message, HasSubstr("core.lease_margin"));
  EXPECT_EQ(refusals[0].code, Code::kInvalidArgument);
  fake.lease_grace = kMargin;
  env.AddNode(fake);
  fake.description.name = "n2";
  fake.description.on_lease_loss = sched::OnLeaseLoss::kKeep;
  fake.lease_grace = kMargin + 1s;
  env.AddNode(fake);
  EXPECT_THAT(env.TakeRefusals(), IsEmpty()) << "what keeps its tasks has no such end";
}

TEST(Lease, ComingBackInTimeSavesTheTasks) {
  Env env;
  RunOne(env, sched::OnLeaseLoss::kKill);
  env.Disconnect("n1");
  env.Advance(kLease);
  env.Connect("n1");
  env.Advance(1h);
  EXPECT_EQ(env.StateOf("1"), JobState::kRunning);
}

TEST(Lease, ARestartedSchedulerWaitsAFullLeaseForEverybody) {
  Env env;
  RunOne(env, sched::OnLeaseLoss::kKill);
  env.Disconnect("n1");
  env.Advance(kLease + kMargin - 1s);
  env.Restart();
  env.Advance(2s);
  EXPECT_EQ(env.StateOf("1"), JobState::kRunning);
  env.Advance(kLease + kMargin);
  EXPECT_EQ(env.StateOf("1"), JobState::kRunnable);
}

TEST(Lease, NothingIsPlacedOnANodeThatIsAway) {
  Env env;
  env.AddNodes(1, Cpus(4));
  env.Disconnect("n1");
  env.Submit(Job());
  env.Cycle();
  env.ExpectNothingElse();
  env.Restart();
  env.Cycle();
  env.ExpectNothingElse();
  env.Connect("n1");
  EXPECT_TRUE(env.cycle_wanted());
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(JobId(1)));
}

TEST(Lease, AfterARestartTasksGoOn) {
  Env env;
  RunOne(env);
  env.RestartFromState();
  EXPECT_EQ(env.StateOf("1"), JobState::kRunning);
  env.Connect("n1");
  env.Finish("1", Exit(0));
  EXPECT_EQ(env.StateOf("1"), JobState::kSucceeded);
  env.ExpectNothingElse();
}

// --- what administrators do

TEST(NodeAdmin, OnlyAdministratorsMay) {
  Env env;
  env.AddNodes(1, Cpus(4));
  EXPECT_THAT(Says(env.SetNode(NodeAction::kDrain, "n1", Alice())), HasSubstr("alice may not"));
  EXPECT_THAT(Says(env.SetNode(NodeAction::kDrain, "n9")), HasSubstr("no such node"));
}

// As a node with a full disk answers a launch.
void CannotStart(Env& env, const std::string& node, JobId job, std::uint32_t attempt) {
  sched::TaskEnded ended{env.node(node).id, env.node(node).incarnation, {{job, 0}, attempt}, {}, {}};
  ended.end = {EndKind::kNodeLost, 0, "", "its disk is full"};
  ended.node_fault = true;
  env.Handle(ended);
}

TEST(NodeRest, ATaskThatItsNodeCannotStartGoesElsewhere) {
  Env env;
  env.AddNodes(2, Cpus(2));
  const JobId job = env.Submit(Job());
  env.Cycle();
  const std::vector<sched::LaunchTask> first = env.TakeLaunches();
  ASSERT_EQ(first.size(), 1u);
  const std::string full = first[0].node == env.node("n1").id ? "n1" : "n2";
  CannotStart(env, full, job, 1);
  env.Cycle();
  const std::vector<sched::LaunchTask> second = env.TakeLaunches();
  ASSERT_EQ(second.size(), 1u) << env.Explain(job);
  EXPECT_NE(second[0].node, first[0].node);
  EXPECT_EQ(env.TaskOf(job).charged, 0u) << "no fault of the job's";
  const JobId next = env.Submit(Job());
  env.Cycle();
  EXPECT_EQ(env.TakeLaunches().at(0).node, second[0].node) << next.value();
}

TEST(NodeRest, BeginsAlsoWhenItIsHeardAfterABreak) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId job = env.Submit(Job());
  env.Cycle();
  ASSERT_THAT(env.TakeLaunched(), ElementsAre(job));
  env.Disconnect("n1");
  FakeTask& task = env.node("n1").tasks.begin()->second;
  task.ended = task.node_fault = true;
  task.end = {EndKind::kNodeLost, 0, "", "its disk is full"};
  env.Connect("n1");
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), IsEmpty());
  EXPECT_THAT(env.Explain(job), HasSubstr("gets no task for a while: its disk is full"));
}

TEST(NodeRest, EndsByItself) {
  Env env;
  env.AddNodes(1, Cpus(1));
  const JobId job = env.Submit(Job());
  env.Cycle();
  ASSERT_THAT(env.TakeLaunched(), ElementsAre(job));
  CannotStart(env, "n1", job, 1);
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), IsEmpty());
  EXPECT_THAT(env.Explain(job), HasSubstr("gets no task for a while: its disk is full"));
  env.Advance(std::chrono::seconds(30));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(job));
}

TEST(NodeAdmin, ADrainedNodeFinishesItsTasksAndTakesNoNew) {
  Env env;
  RunOne(env);
  ASSERT_TRUE(env.SetNode(NodeAction::kDrain, "n1", Ops(), "new disk"));
  env.Submit(Job());
  env.Cycle();
  env.ExpectNothingElse();
  env.Finish("1", Exit(0));
  EXPECT_EQ(env.StateOf("1"), JobState::kSucceeded);
  env.Cycle();
  env.ExpectNothingElse();
  env.Restart();
  env.Connect("n1");
  env.Cycle();
  env.ExpectNothingElse();  // the drain is remembered
  ASSERT_TRUE(env.SetNode(NodeAction::kResume, "n1"));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(JobId(2)));
}

TEST(NodeAdmin, DrainingTwiceWritesOnce) {
  Env env;
  env.AddNodes(1, Cpus(4));
  ASSERT_TRUE(env.SetNode(NodeAction::kDrain, "n1"));
  const std::size_t entries = env.journal().size();
  ASSERT_TRUE(env.SetNode(NodeAction::kDrain, "n1"));
  EXPECT_EQ(env.journal().size(), entries);
}

TEST(NodeAdmin, AConnectedNodeIsNotDead) {
  Env env;
  RunOne(env);
  EXPECT_THAT(Says(env.SetNode(NodeAction::kDeclareDead, "n1")),
              HasSubstr("is connected, so it is not dead"));
}

TEST(NodeAdmin, ACancelledTaskOfADeadNodeIsCancelledNotRetried) {
  Env env;
  RunOne(env);
  env.Disconnect("n1");
  ASSERT_TRUE(env.Cancel("1"));
  ASSERT_TRUE(env.SetNode(NodeAction::kDeclareDead, "n1"));
  EXPECT_EQ(env.StateOf("1"), JobState::kFailed);
}

TEST(NodeAdmin, OnlyAnEmptyNodeThatIsAwayCanBeRemoved) {
  Env env;
  RunOne(env);
  EXPECT_THAT(Says(env.SetNode(NodeAction::kRemove, "n1")), HasSubstr("is connected or has tasks"));
  env.Disconnect("n1");
  EXPECT_THAT(Says(env.SetNode(NodeAction::kRemove, "n1")), HasSubstr("is connected or has tasks"));
  ASSERT_TRUE(env.SetNode(NodeAction::kDeclareDead, "n1"));
  ASSERT_TRUE(env.SetNode(NodeAction::kRemove, "n1"));
  EXPECT_THAT(env.state().nodes, IsEmpty());
  const NodeId before = env.node("n1").id;
  env.Connect("n1");
  EXPECT_NE(env.node("n1").id, before) << "ids are not used again";
  EXPECT_THAT(env.TakeStops(), SizeIs(1)) << "what it still runs is nobody's";
}

TEST(NodeAdmin, ANodeThatShrankKeepsWhatRuns) {
  Env env;
  RunOne(env);
  env.node("n1").description.total = Cpus(1);
  env.Connect("n1");
  env.Submit(Job());
  env.Cycle();
  env.ExpectNothingElse();
  env.Finish("1", Exit(0));
  env.Cycle();
  EXPECT_THAT(env.TakeLaunched(), ElementsAre(JobId(2)));
}

}  // namespace
}  // namespace bsub::testing
