// The state, what is derived from it, and the only code that changes either.
//
// Apply takes one journal entry, live or in replay. It first checks that the entry follows from the state (a
// broken journal must not corrupt silently), then changes the state and repairs the derived parts that the
// change touches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "scheduler/core/calendar.h"
#include "scheduler/core/capacity.h"
#include "scheduler/core/cluster_tree.h"
#include "scheduler/core/dependency_index.h"
#include "scheduler/core/entry.h"
#include "scheduler/core/job_hashes.h"
#include "scheduler/core/placement_groups.h"
#include "scheduler/core/queue_limits.h"
#include "scheduler/core/queue_plan.h"
#include "scheduler/core/recent_submits.h"
#include "scheduler/core/reservations.h"
#include "scheduler/core/run_times.h"
#include "scheduler/core/saved_job.h"
#include "scheduler/core/settings_table.h"
#include "scheduler/core/state.h"
#include "scheduler/core/task_tally.h"
#include "scheduler/core/token_index.h"
#include "scheduler/core/waiting.h"

namespace bsub::sched {

class Store {
 public:
  Store() = default;
  // See Scheduler's.
  Store(State state, std::size_t expected_jobs);
  void Restore(std::vector<SavedJob> jobs);
  void EndRestore();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  Status Apply(const JournalEntry& entry);

  const State& state() const { return state_; }
  std::uint64_t hash() const;

  // Derived, for decisions.
  const NodeCapacity& capacity() const { return capacity_; }
  const WaitingTable& waiting() const { return waiting_; }
  const DependencyIndex& dependencies() const { return dependencies_; }
  TaskCounts CountsOfQueue(std::string_view queue) const { return tasks_.OfQueue(queue); }
  TaskCounts CountsOfUser(std::uint32_t uid) const { return tasks_.OfUser(uid); }
  TaskCounts CountsOfUserInQueue(std::string_view queue, std::uint32_t uid) const {
    return tasks_.OfUserInQueue(queue, uid);
  }
  // As they are served.
  const std::vector<const Queue*>& queues_in_order() const { return queues_in_order_; }
  // Of a share in a queue that goes by shares: its use so far with what runs (UseAt), and how many tasks run.
  std::int64_t UseOfShare(const Queue& queue, std::string_view share, TimePoint now) const;
  const ShareLoad* LoadOfShare(const std::string& queue, std::string_view share) const;
  // Of all shares of such a queue that have ended anything: their uses together, and what they are entitled
  // to (1 / weight) together. Summed up at most once in a second, and kept up with what starts and ends.
  std::int64_t UseOfAllShares(const Queue& queue, TimePoint now) const;
  double PartsOfAllShares(const Queue& queue) const;
  // Shares that wait or run, or have run within the last half-life, of a queue with a compute reservation.
  std::size_t ActiveShares(const Queue& queue, TimePoint now) const;
  // Whether the sums of shares are those that would be made now.
  bool ShareSumsHold() const;
  // Null of a queue that is not counted so (CountsFinely).
  const LimitUse* LimitUseOf(const std::string& queue) const;
  JobId FindByToken(const SubmitToken& token) const;
  // Ascending; of more than `most` that match, `most` + 1 of them. A name that ends in '*' is a prefix.
  std::vector<JobId> FindByName(std::uint32_t uid, std::string_view name, std::size_t most) const;
  // Of one user, in the order of (name, id), behind `after`; the names are good until the next Apply.
  std::vector<std::pair<std::string_view, JobId>> JobsOfOwner(std::uint32_t uid, std::string_view after_name,
                                                              JobId after, std::size_t most) const;
  // Jobs with waiting tasks whose dependencies can never be met, and the words of their bitmaps to look at.
  const std::map<JobId, std::set<std::size_t>>& doomed() const { return doomed_; }
  // Jobs by begin time, not yet reached; finished jobs by the time they finished.
  const std::set<std::pair<TimePoint, JobId>>& begin_times() const { return begin_times_; }
  const std::set<std::pair<TimePoint, JobId>>& finished() const { return finished_; }

  // Whether a node may take work now depends on its connection, which is not durable: told by Scheduler.
  void SetConnected(NodeId node, bool connected);
  bool IsConnected(NodeId node) const { return connected_.count(node) != 0; }
  // Also scratch: a node that gets no new task for a while. `why` empty: it may again.
  void SetResting(NodeId node, const std::string& why);
  const std::string* RestingFor(NodeId node) const;
  // Scratch too: what a live attempt's program has told of its saves.
  void NoteSave(const AttemptRef& attempt, const KnownSave& save);
  // And which settings have been found good for a submit (SettingsTable).
  std::shared_ptr<const JobSettings> FindGoodSettings(
      const std::shared_ptr<const JobSettings>& settings) const {
    return settings_.FindGood(settings);
  }
  void NoteGoodSettings(const Job& job) { settings_.NoteGood(job.spec.settings); }
  // And how long tasks ran, and what was submitted of late.
  const RunTimes& run_times() const { return run_times_; }
  const RecentSubmits& recent_submits() const { return recent_submits_; }
  // Scratch too, of the last scheduling cycle.
  void SetReservations(Reservations reservations) { reservations_ = std::move(reservations); }
  const Reservations& reservations() const { return reservations_; }
  // And what was promised to the jobs of a queue. TakePlan leaves none.
  QueuePlan TakePlan(const std::string& queue);
  void SetPlan(const std::string& queue, QueuePlan plan) { plans_[queue] = std::move(plan); }
  const PlannedJob* FindPlanned(const Job& job) const;
  // And what connects the nodes, as the configuration says; null: not known.
  void SetTopology(std::shared_ptr<const Topology> topology, const PlacementLimits& limits) {
    tree_.Configure(std::move(topology), limits);
  }
  // And when nodes are closed, as the configuration says; nodes by name.
  void SetMaintenance(std::vector<NodesClosed> maintenance);
  // Time has passed; whether a node has been opened or closed by it.
  bool AdvanceCalendar(TimePoint now);
  bool ReservationHasBegun(const std::string& name, TimePoint now) const;
  const Calendar& calendar() const { return calendar_; }
  // The same from scratch.
  Calendar MakeCalendar() const;
  const ClusterTree& tree() const { return tree_; }
  const PlacementGroups& placement_groups() const { return groups_; }
  // What the choice of nodes for a request goes by.
  ClusterView ViewFor(const NodesRequest& request) const;

  // The nodes for a task that can start now and is over by `ends`.
  ChosenNodes ChooseNodes(const NodesRequest& request, const KeptResources& kept = {},
                          TimePoint ends = TimePoint::Max()) const;
  // The same of a plain request.
  std::optional<NodeId> ChooseNode(const NodesRequest& request, const KeptResources& kept,
                                   TimePoint ends) const;
  bool HasRoom(const NodesRequest& request) const { return !ChooseNodes(request).nodes.empty(); }

 private:
  friend class JobEdit;

  Status Do(const ClusterCreated& e, TimePoint at);
  Status Do(const QueueSet& e, TimePoint at);
  Status Do(const QueueDeleted& e, TimePoint at);
  Status Do(const DefinitionRegistered& e, TimePoint at);
  Status Do(const DefinitionDeregistered& e, TimePoint at);
  Status Do(const JobSubmitted& e, TimePoint at);
  Status Do(const BeginTimeReached& e, TimePoint at);
  Status Do(const HoldSet& e, TimePoint at);
  Status Do(const PrioritySet& e, TimePoint at);
  Status Do(const TasksEnded& e, TimePoint at);
  Status Do(const TasksRequeued& e, TimePoint at);
  Status Do(const AttemptPlaced& e, TimePoint at);
  Status Do(const AttemptStarted& e, TimePoint at);
  Status Do(const StopRequested& e, TimePoint at);
  Status Do(const AttemptEnded& e, TimePoint at);
  Status Do(const NodeRegistered& e, TimePoint at);
  Status Do(const NodeContactLost& e, TimePoint at);
  Status Do(const NodeDied& e, TimePoint at);
  Status Do(const NodeDrainSet& e, TimePoint at);
  Status Do(const NodeRemoved& e, TimePoint at);
  Status Do(const JobsForgotten& e, TimePoint at);
  Status Do(const StateHashRecorded& e, TimePoint at);
  Status Do(const CountersLifted& e, TimePoint at);
  Status Do(const PartStarted& e, TimePoint at);
  Status Do(const PartEnded& e, TimePoint at);
  Status Do(const NodeNoticeSet& e, TimePoint at);
  Status Do(const AttemptNoticed& e, TimePoint at);
  Status Do(const JobMoved& e, TimePoint at);
  Status Do(const ReservationMade& e, TimePoint at);
  Status Do(const ReservationEnded& e, TimePoint at);
  void ForgetRevisions(std::vector<JobDefinition>& revisions, std::size_t first, std::size_t last);

  Job* MutableJob(JobId id);
  // Before and after a child changes.
  void TakeChildTerm(Job& job, std::uint32_t ordinal);
  void PutChildTerm(Job& job, std::uint32_t ordinal);
  void IndexJob(Job& job);
  void UnindexJob(Job& job);
  void CountJob(const Job& job, int sign);
  // `more`: so many tasks of the job are there now, or no longer.
  void AddCounts(const Job& job, const TaskCounts& more);
  void RefreshWord(Job& job, std::size_t word);
  void RefreshAll(Job& job);
  // Children first..last of `job` ended, started or went back: whoever looks at them is evaluated again.
  // `whole`: what the job is as a whole may have changed too.
  void NotifyWaiters(Job& job, std::uint32_t first, std::uint32_t last, bool whole);
  void FinishIfOver(Job& job, TimePoint at);
  void TakePlaces(const JobSettings& settings, const AttemptRef& ref, const Attempt& attempt);
  void GivePlaces(const JobSettings& settings, const AttemptRef& ref, const Attempt& attempt);
  // `change`: of when the attempt is expected to end.
  void EditAttempt(const Job& job, Attempt& attempt, const std::function<void(Attempt&)>& change);
  void UpdateUsable(NodeId node);
  bool GoesByShares(const std::string& queue) const;
  // After queues have changed.
  void NoteQueues();
  void CountLoad(const AttemptRef& ref, const Attempt& attempt, int sign);
  // Sums over a queue's shares; those by time hold `at` alone. None: to be made when asked for.
  struct ShareSums {
    TimePoint at;
    std::optional<std::int64_t> used{};
    std::optional<std::size_t> active{};
    std::optional<double> parts{};
  };
  ShareSums& ShareSumsAt(const Queue& queue, TimePoint now) const;
  std::int64_t SumOfUses(const Queue& queue, TimePoint now) const;
  std::size_t CountActiveShares(const Queue& queue, TimePoint now) const;
  // So many shares of the queue waited or ran before the job's came or went, and do now.
  void NoteShares(const JobSettings& settings, std::size_t before, std::size_t now);
  void EditCalendar(const std::function<void()>& change);
  void AddToCalendar(const Node& node);
  void RemoveFromCalendar(NodeId node);
  void SetClassesOf(const Queue& queue);
  void RecountLoads(const std::string& queue);
  void RecountLimits(const std::string& queue);
  // `more`: less where it is negative.
  void CountForLimits(const JobSettings& settings, const TaskCounts& more);
  void CountLiveOf(const Job& job, int sign);
  void ChargeShare(const Job& job, const Attempt& attempt, TimePoint at);
  void ForgetShares(const std::string& queue, TimePoint at, bool all);
  void EditNode(NodeId node, const std::function<void(Node&)>& change);

  State state_;
  // The hash without the term of the counters and those of jobs, children of arrays aside.
  std::uint64_t terms_ = 0;
  mutable JobHashes job_hashes_;

  NodeCapacity capacity_;
  ClusterTree tree_;
  PlacementGroups groups_;
  WaitingTable waiting_;
  DependencyIndex dependencies_;
  TaskTally tasks_;
  std::map<std::string, std::map<std::string, ShareLoad, std::less<>>, std::less<>>
      loads_;                                                // by queue, share
  std::map<std::string, LimitUse, std::less<>> limit_uses_;  // of the queues with CountsFinely
  mutable std::map<std::string, ShareSums, std::less<>> share_sums_;
  bool by_shares_ = false;  // some queue goes by them
  std::vector<const Queue*> queues_in_order_;
  TokenIndex tokens_;
  struct NamedJob {
    std::uint32_t uid = 0;
    std::string_view name;  // the job's own
    JobId job;
    friend bool operator<(const NamedJob& a, const NamedJob& b) {
      if (a.uid != b.uid) return a.uid < b.uid;
      const int names = a.name.compare(b.name);
      return names != 0 ? names < 0 : a.job < b.job;
    }
  };
  std::set<NamedJob> names_;  // in the order of names, so that those with a prefix stand together
  std::set<NamedJob>::iterator newest_name_ = names_.end();  // the next job is likely to stand behind it
  std::map<JobId, std::set<std::size_t>> doomed_;
  std::set<std::pair<TimePoint, JobId>> begin_times_;
  std::set<std::pair<TimePoint, JobId>> finished_;
  SettingsTable settings_;
  std::vector<JobId> restored_waiters_;  // with dependencies: not all of their targets are known yet
  std::set<NodeId> connected_;
  std::map<NodeId, std::string> resting_;
  Reservations reservations_;
  RunTimes run_times_;
  RecentSubmits recent_submits_;
  std::map<std::string, QueuePlan, std::less<>> plans_;
  std::vector<NodesClosed> maintenance_;
  Calendar calendar_;
};

// Which of the tasks in one word of the job's bitmap wait and may start: sets the bits that are derived from
// that. Returns those that wait for what can never be.
std::uint64_t EvaluateTasks(const State& state, Job& job, std::size_t word);

// A node that the attempt may still run on and that is not connected; null: none.
const Node* LostNodeOf(const Store& store, const Attempt& attempt);

}  // namespace bsub::sched
