#include "scheduler/core/node_groups.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "jobs/text.h"
#include "jobs/units.h"
#include "scheduler/core/cycle.h"
#include "scheduler/core/reservation_name.h"
#include "scheduler/core/served_order.h"

namespace bsub::sched {
namespace {

class Grouping {
 public:
  Grouping(const Store& store, const Job& job, const NodesRequest& request, TimePoint now)
      : store_(store), job_(job), settings_(*job.spec.settings), request_(request), now_(now) {}

  NodeGroups Run(Reason& reason) const {
    NodeGroups groups;
    for (const Node* listed : NodesByName()) {
      const Node& node = *listed;
      const NodeCapacity::Use* use = store_.capacity().Find(node.id);
      const std::string& name = node.description.name;
      if (!request_.reservation.empty() && !store_.calendar().Reserves(node.id, request_.reservation)) {
        AddEvidence(reason,
                    name + ": not of reservation " + std::string(NameForPeople(request_.reservation)));
      } else if (!request_.each.Fits(node.description.total)) {
        ++groups.too_small;
        AddEvidence(reason, name + ": too small, has " + Describe(node.description.total));
      } else if (!use || !use->usable) {
        ++groups.unavailable;
        if ((node.drained || node.notice) && groups.drained.empty()) groups.drained = name;
        AddEvidence(reason, name + ": " + WhyUnusable(node));
      } else if (!store_.capacity().FitsNow(request_, *use)) {
        ++groups.fit_later;
        AddEvidence(reason, name + ": busy, " + Describe(use->Free()) + " free of " + Describe(use->total) +
                                ", " + Count(use->attempts.size(), "task", "tasks") + " there" +
                                HoldersOn(*use));
      } else if (const Closure* closure = ClosureFor(node.id)) {
        if (groups.closes++ == 0 || closure->to < groups.closure.to)
          groups.closure = *closure, groups.closing_node = name;
        AddEvidence(reason, name + ": has room, but " + sched::Describe(*closure) + " is in the way");
      } else if (const auto holder = KeptFromThis(node.id, use->Free())) {
        if (groups.kept++ == 0) groups.kept_node = name, groups.kept_for = *holder;
        AddEvidence(reason,
                    name + ": kept free for job " + std::to_string(holder->value()) + KeptUntil(node.id));
      } else {
        ++groups.fit_now;
        groups.with_room.push_back({node.id, use->Free(), use->attempts.empty()});
      }
    }
    groups.kept_before = KeptForThoseBefore();
    return groups;
  }

 private:
  // Ids follow the order of registration, which means nothing to people.
  std::vector<const Node*> NodesByName() const {
    std::vector<const Node*> nodes;
    for (const auto& [id, node] : store_.state().nodes) nodes.push_back(&node);
    std::sort(nodes.begin(), nodes.end(), [](const Node* a, const Node* b) {
      return NaturalLess(a->description.name, b->description.name);
    });
    return nodes;
  }

  const Closure* ClosureFor(NodeId node) const {
    return store_.calendar().InTheWay(node, now_, LatestEnd(now_, settings_.walltime), request_.reservation);
  }

  // Whose tasks hold a node that a job on several nodes lacks.
  std::string HoldersOn(const NodeCapacity::Use& use) const {
    constexpr std::size_t kShown = 3;
    if (request_.nodes == 1) return "";
    std::set<JobId> jobs;
    for (const AttemptRef& ref : use.attempts) jobs.insert(ref.task.job);
    std::string text;
    std::size_t shown = 0;
    for (const JobId job : jobs) {
      if (shown == kShown) {
        text += ", …";
        break;
      }
      text += (shown++ == 0 ? (jobs.size() == 1 ? ", of job " : ", of jobs ") : ", ") +
              std::to_string(job.value());
    }
    return text + UntilWhen(use);
  }

  // When the last of a node's tasks is over, at the latest.
  static std::string UntilWhen(const NodeCapacity::Use& use) {
    if (!use.tasks.endless().empty()) return ", without a time limit";
    const TimePoint last = use.tasks.limited().empty() ? TimePoint() : use.tasks.limited().back().ends;
    return last.set() ? ", until " + FormatUtc(last) : "";
  }

  // The job for which the node is kept free, if this one must leave it alone.
  std::optional<JobId> KeptFromThis(NodeId node, const Resources& free) const {
    const auto it = store_.reservations().all().find(node);
    if (it == store_.reservations().all().end() || !FindQueue() || !job_.waiting_class) return std::nullopt;
    const Resources& taken = request_.TakenOf(store_.capacity().Find(node)->total);
    const KeptShare& kept = store_.reservations().kept().at(node);
    if (LeavesAlone(kept, taken, free, LatestEnd(now_, settings_.walltime))) return std::nullopt;
    const WaitingClass* holder = YieldsTo(it->second);
    return holder ? std::optional(WhomFor(it->second, *holder)) : std::nullopt;
  }

  // Those for whom a node is kept, if they are before this one. It waits in a queue.
  const WaitingClass* YieldsTo(const Reservation& reservation) const {
    const WaitingClass* holder = HolderOf(store_, reservation);
    const auto [yields, fresh] = must_yield_.try_emplace(holder, false);
    if (fresh) yields->second = MustYield(store_, *FindQueue(), *job_.waiting_class, reservation, now_);
    return yields->second ? holder : nullptr;
  }

  std::string KeptUntil(NodeId node) const {
    const TimePoint from = store_.reservations().kept().at(node).from;
    return from.set() ? ", which is expected to need it at " + FormatUtc(from) : "";
  }

  // What is kept for those that are before this one.
  KeptResources KeptForThoseBefore() const {
    KeptResources kept;
    if (!FindQueue() || !job_.waiting_class) return kept;
    for (const auto& [node, reservation] : store_.reservations().all()) {
      if (YieldsTo(reservation)) kept.emplace(node, store_.reservations().kept().at(node));
    }
    return kept;
  }

  std::string WhyUnusable(const Node& node) const {
    if (node.drained)
      return "drained by " + node.drained_by + (node.drain_reason.empty() ? "" : ": " + node.drain_reason);
    if (node.notice)
      return "is taken away at " + FormatUtc(node.notice->ends_at) + ": " + node.notice->reason;
    if (node.state != NodeState::kUp)
      return std::string(ToString(node.state)) + " since " + FormatUtc(node.state_since);
    if (const std::string* why = store_.RestingFor(node.id)) return "gets no task for a while: " + *why;
    return "has not connected since the scheduler started";
  }

  const Queue* FindQueue() const {
    const auto it = store_.state().queues.find(settings_.queue);
    return it == store_.state().queues.end() ? nullptr : &it->second;
  }

  const Store& store_;
  const Job& job_;
  const JobSettings& settings_;
  const NodesRequest& request_;
  const TimePoint now_;
  mutable std::map<const WaitingClass*, bool> must_yield_;
};

}  // namespace

JobId WhomFor(const Reservation& reservation, const WaitingClass& holder) {
  return reservation.job.valid() ? reservation.job : holder.members.begin()->job;
}

NodeGroups GroupNodes(const Store& store, const Job& job, const NodesRequest& request, TimePoint now,
                      Reason& reason) {
  return Grouping(store, job, request, now).Run(reason);
}

}  // namespace bsub::sched
