// What time brings: begin times, leases that run out, finished jobs that are forgotten.
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

// What is left of many at one time is found by the next Tick.
void ReachBeginTimes(Turn& turn) {
  for (std::uint32_t n = 0; n < turn.settings.max_begun_per_tick; ++n) {
    if (turn.store.begin_times().empty() || turn.store.begin_times().begin()->first > turn.wall) return;
    turn.Record(BeginTimeReached{turn.store.begin_times().begin()->second});
    turn.WantCycle();
  }
}

// A lease has run out. Only where the node's spawner has killed its tasks by now may they be given away.
void EndLease(Turn& turn, NodeId id) {
  const Node& node = turn.state().nodes.at(id);
  const std::string name = node.description.name;
  const TimePoint until = turn.at - turn.settings.lease_margin;  // its spawner has ended its tasks by then
  if (node.state == NodeState::kUp) {
    turn.Record(NodeContactLost{id, node.incarnation, "it has not come back since the scheduler started"});
  }
  if (node.description.on_lease_loss != OnLeaseLoss::kKill) return;
  // One that comes back later is none of those that were met: it does not count twice.
  if (!node.notice && turn.links.met.erase(id) != 0) RateOf(turn.links, node.description).Interrupted();
  const NodeCapacity::Use* use = turn.store.capacity().Find(id);
  std::vector<AttemptRef> lost;
  if (use) lost.assign(use->attempts.begin(), use->attempts.end());
  const std::string reason = "the lease of node " + name + " ran out without contact";
  // In this order: if a crash keeps only the first entries, the node is not yet dead and its next lease ends
  // the rest.
  LoseAttempts(turn, id, lost, reason, until);
  turn.Record(NodeDied{id, node.incarnation, reason});
}

void EndLeases(Turn& turn) {
  std::vector<NodeId> over;
  for (const auto& [id, ends] : turn.links.lease_ends) {
    if (ends <= turn.at) over.push_back(id);
  }
  for (const NodeId id : over) {
    turn.links.lease_ends.erase(id);
    EndLease(turn, id);
  }
  if (!over.empty()) turn.WantCycle();  // until now nodes were kept beside these
}

void EndPreferences(Turn& turn) {
  if (turn.links.preference_ends > turn.at) return;
  turn.links.preference_ends = TimePoint::Max();
  turn.WantCycle();
}

void StartPlanned(Turn& turn) {
  if (turn.links.next_planned_start > turn.at) return;
  turn.links.next_planned_start = TimePoint::Max();
  turn.WantCycle();
}

void EndRests(Turn& turn) {
  std::vector<NodeId> over;
  for (const auto& [id, ends] : turn.links.rest_ends) {
    if (ends <= turn.at) over.push_back(id);
  }
  for (const NodeId id : over) EndRest(turn, id);
}

// A job that somebody waits for must stay: its end is part of their dependencies. So must one whose waiter
// finished after `limit`, since that may be sent back to the queue.
bool IsAwaited(const Store& store, JobId id, TimePoint limit) {
  const DependencyIndex::Waiters* waiters = store.dependencies().Of(id);
  if (!waiters) return false;
  const auto waits = [&](JobId waiter) {
    const Job& job = store.state().jobs.at(waiter);
    return !job.Over() || job.finished_at > limit;
  };
  if (std::any_of(waiters->whole.begin(), waiters->whole.end(), waits)) return true;
  if (std::any_of(waiters->index_wise.begin(), waiters->index_wise.end(), waits)) return true;
  return std::any_of(waiters->child.begin(), waiters->child.end(), [&](const auto& child) {
    return std::any_of(child.second.begin(), child.second.end(), waits);
  });
}

// In jobs: what an array costs is the release of its bitmaps, and is little for each child.
std::uint64_t CostOfForgetting(const Job& job) {
  constexpr std::uint32_t kChildrenPerJob = 10'000;
  return 1 + (job.array ? job.size() / kChildrenPerJob : 0);
}

// So many jobs have to go, be their retention over or not, lest new ones are refused.
std::int64_t Excess(const Turn& turn) {
  const std::int64_t most = turn.settings.max_jobs / 100 * turn.settings.early_forgetting_percent +
                            turn.settings.max_jobs % 100 * turn.settings.early_forgetting_percent / 100;
  return static_cast<std::int64_t>(turn.state().jobs.size()) - most;
}

// What is awaited was looked at too, and counts: the next Tick goes on behind it.
void ForgetFinished(Turn& turn) {
  const std::int64_t excess = Excess(turn);
  if (excess > 0 && !turn.links.forgets_early) turn.links.forget_from = {};  // the oldest go first
  const TimePoint limit = turn.at - turn.settings.finished_retention;
  const TimePoint early_limit = turn.at - turn.settings.least_retention;
  const auto& finished = turn.store.finished();
  JobsForgotten entry;
  std::uint64_t cost = 0;
  const auto early = [&] { return static_cast<std::int64_t>(entry.jobs.size()) < excess; };
  auto it = finished.lower_bound(turn.links.forget_from);
  const auto due = [&] { return it->first <= limit || (early() && it->first <= early_limit); };
  for (; it != finished.end() && due(); ++it) {
    if (cost >= turn.settings.max_forgotten_per_tick) break;
    cost += CostOfForgetting(turn.state().jobs.at(it->second));
    // One that goes early cannot stay for those whose waiter might be sent back.
    const TimePoint waiters_until = it->first <= limit ? limit : turn.at;
    if (!IsAwaited(turn.store, it->second, waiters_until)) entry.jobs.push_back(it->second);
  }
  const bool more = it != finished.end() && due();
  turn.links.forgets_early = early();
  turn.links.forget_from = more ? *it : std::pair(TimePoint(), JobId());
  // Retention is not urgent, and what is awaited may have to be looked at again.
  const Duration rest = early() ? turn.settings.early_forget_interval : turn.settings.forget_interval;
  turn.links.forget_not_before = turn.at + (more ? Duration(0) : rest);
  if (!entry.jobs.empty()) turn.Record(std::move(entry));
}

}  // namespace

void EndRest(Turn& turn, NodeId node) {
  if (turn.links.rest_ends.erase(node) == 0) return;
  turn.store.SetResting(node, "");
  turn.WantCycle();
}

void Decide(Turn& turn, const MaintenanceSet& input) {
  turn.store.SetMaintenance(input.windows);
  turn.WantCycle();
}

void Decide(Turn& turn, const Tick& /*input*/) {
  ReachBeginTimes(turn);
  EndLeases(turn);
  EndReservations(turn);
  EndNotices(turn);
  EndRests(turn);
  EndPreferences(turn);
  StartPlanned(turn);
  EndDoomedTasks(turn);
  ForgetFinished(turn);
}

TimePoint NextWake(const Turn& turn) {
  const Store& store = turn.store;
  if (!store.doomed().empty()) return turn.at;  // a cascade goes on
  TimePoint wake =
      std::min({turn.links.preference_ends, turn.links.next_planned_start, store.calendar().NextChange()});
  if (!store.begin_times().empty()) {
    const Duration left = std::max(store.begin_times().begin()->first - turn.wall, Duration(0));
    if (left < TimePoint::Max() - turn.at) wake = turn.at + left;
  }
  for (const auto& [name, reservation] : store.state().reservations) wake = std::min(wake, reservation.to);
  for (const auto& [id, ends] : turn.links.lease_ends) wake = std::min(wake, ends);
  for (const auto& [id, ends] : turn.links.rest_ends) wake = std::min(wake, ends);
  for (const auto& [attempt, at] : turn.links.notice_steps) wake = std::min(wake, at);
  if (!store.finished().empty()) {
    const TimePoint due = store.finished().begin()->first + turn.settings.finished_retention;
    wake = std::min(wake, std::max(due, turn.links.forget_not_before));
    if (Excess(turn) > 0)
      wake = std::min(wake, turn.links.forgets_early ? turn.links.forget_not_before : turn.at);
  }
  return wake;
}

}  // namespace bsub::sched
