// A scheduler with fake nodes, a clock that stands still and a journal in memory: what nearly every test of
// the core is written in.
//
//   Env env;
//   env.AddNodes(1, Cpus(2));
//   const JobId a = env.Submit(Job().Name("a"));
//   env.Cycle();
//   EXPECT_THAT(env.TakeLaunched(), ElementsAre(a));
//   env.Finish(a, Exit(0));
//   env.ExpectNothingElse();
//
// After every input it checks each invariant, and that a second scheduler which only ever sees the journal
// has the same state hash. It plays the daemon's part: entries go to the journal first, then messages to the
// fakes.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/core/scheduler.h"
#include "tests/support/builders.h"
#include "tests/support/fake_node.h"

namespace bsub::testing {

class Env {
 public:
  explicit Env(sched::Settings settings = DefaultSettings());
  Env(const Env&) = delete;
  Env& operator=(const Env&) = delete;
  static sched::Settings DefaultSettings();  // Ops runs the cluster

  // --- time
  TimePoint now() const { return now_; }
  // Moves the clock on; a Tick is given whenever the core asked for one, and only then.
  void Advance(Duration by);
  // From now on the wall clock, by which jobs begin, is so far ahead of the core's time.
  void SetWallAhead(Duration ahead) { wall_ahead_ = ahead; }
  void Tick() { Handle(sched::Tick{}); }
  TimePoint wake_at() const { return wake_at_; }

  // --- nodes
  void AddNodes(int count, const Resources& each);  // connected; named n1, n2, … in order
  FakeNode& AddNode(FakeNode node);
  FakeNode& node(std::string_view name);
  void Connect(std::string_view name);     // says hello with the tasks it has
  void Disconnect(std::string_view name);  // the stream breaks; tasks go on
  Status SetNode(sched::NodeAction action, std::string name, Principal who = Ops(), std::string reason = "",
                 std::optional<Duration> deadline = std::nullopt);

  // --- jobs
  JobId Submit(const Job& job);  // must be accepted
  Result<sched::SubmitAccepted> TrySubmit(const Job& job);
  Status Cancel(const TaskName& task, Principal who = Alice(), std::string reason = "");
  Status Hold(const TaskName& task, Principal who = Alice());
  Status Release(const TaskName& task, Principal who = Alice());
  Status Requeue(const TaskName& task, Principal who = Alice());
  Status SetPriority(const TaskName& task, std::int32_t priority, Principal who = Ops());
  Status SetQueue(sched::Queue queue, Principal who = Ops());
  Status DeleteQueue(std::string name, Principal who = Ops());
  // reply is overwritten; by Ops if `who` has no name.
  Status Reserve(sched::CreateReservation reservation);
  Status DeleteReservation(std::string name, Principal who = Ops());

  // --- scheduling
  void Cycle(std::uint32_t max_placements = 1000);
  bool cycle_wanted() const { return cycle_wanted_; }  // by any input since the last cycle
  // What its node reports of a launched task. While the node is out of contact the report waits for its next
  // hello. Finish reports the start too, if nobody did.
  // `node`: of a gang's part; empty: of the main one.
  void Start(const TaskName& task, std::string_view node = "");
  void Finish(const TaskName& task, const End& end, std::string_view node = "", const SavedWork& saved = {});
  // A node could not start it for want of something of its own.
  void RefuseStart(const TaskName& task, std::string_view node, std::string reason);
  // Cycle, then finish everything that was launched, until nothing starts any more.
  void RunAll(const End& end = Exit(0));

  // --- what came out since it was last taken
  std::vector<JobId> TakeLaunched();
  std::vector<std::string> TakeLaunchedTasks();  // "2[17]"
  std::vector<sched::LaunchTask> TakeLaunches();
  std::vector<sched::StopTask> TakeStops();
  std::vector<sched::NoticeTask> TakeNotices();
  std::vector<Error> TakeRefusals();  // of nodes
  void ExpectNothingElse();
  // Messages to nodes are lost from now on, until told otherwise.
  void LoseMessages(bool lose) { lose_messages_ = lose; }

  // --- looking
  const sched::Scheduler& scheduler() const { return *scheduler_; }
  const sched::State& state() const { return scheduler_->state(); }
  const sched::Job& job(JobId id) const;
  JobState StateOf(const TaskName& task) const;
  const sched::Task& TaskOf(const TaskName& task) const;  // it must be a row
  std::string LastEnd(JobId job) const;                   // of a plain job, in words
  sched::Explanation Explanation(const TaskName& task) const;
  std::vector<sched::ReasonCode> Why(const TaskName& task) const;
  std::string Explain(const TaskName& task) const;

  // --- the journal
  const std::vector<sched::JournalEntry>& journal() const { return journal_; }
  std::string JournalText(std::size_t from = 0) const;
  // Entries and messages since the last call, one line each, in the order they came out.
  std::vector<std::string> TakeLog();

  // The scheduler dies and comes back from its journal (or from a copy of its durable state); the nodes go on
  // and are out of contact until they Connect.
  void Restart();
  void RestartFromState();
  // The same with what connects the nodes.
  void Configure(std::shared_ptr<const sched::Topology> topology);

  // Any input at all. Large tests switch the checks off and call Check themselves.
  sched::Outcome Handle(sched::InputBody body);
  void SetChecks(bool on) { checks_ = on; }
  void Check(std::string_view after);

 private:
  Status Control(sched::ControlAction action, const TaskName& task, Principal who, std::string reason = "",
                 std::int32_t priority = 0);
  Status DoneReply();
  void Deliver(const sched::Message& message);
  FakeNode* FindNode(NodeId id);
  sched::TaskRef Ref(const TaskName& task) const;
  FakeNode& NodeOf(const sched::TaskRef& task, std::string_view node, sched::AttemptRef& attempt);
  void StartAgain(std::unique_ptr<sched::Scheduler> next);

  sched::Settings settings_;
  std::unique_ptr<sched::Scheduler> scheduler_;
  std::unique_ptr<sched::Scheduler> shadow_;  // lives on the journal alone
  TimePoint now_;
  Duration wall_ahead_{0};
  TimePoint wake_at_ = TimePoint::Max();
  bool cycle_wanted_ = false;
  bool checks_ = true;
  bool lose_messages_ = false;
  std::uint64_t next_stream_ = 1;
  std::deque<FakeNode> nodes_;  // references stay valid
  std::vector<sched::JournalEntry> journal_;
  std::vector<std::string> log_;
  std::vector<sched::Reply> replies_;
  std::vector<sched::LaunchTask> launches_;
  std::vector<sched::StopTask> stops_;
  std::vector<sched::NoticeTask> notices_;
  std::vector<Error> refusals_;
};

}  // namespace bsub::testing
