#include "scheduler/core/preemption.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "scheduler/core/served_order.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

struct Victim {
  AttemptRef ref;
  std::int64_t lost = 0;
  std::int64_t unsaved = 0;
  std::int64_t queue_priority = 0;
  std::int32_t priority = 0;
  TimePoint began;
  Resources frees;  // of one node
};

bool GoesFirst(const Victim& a, const Victim& b) {
  return std::tie(a.lost, a.unsaved, a.queue_priority, a.priority, b.began, a.ref) <
         std::tie(b.lost, b.unsaved, b.queue_priority, b.priority, a.began, b.ref);
}

// A node that would do once its victims are gone.
struct Option {
  NodeId node;
  std::vector<Victim> victims;
  std::int64_t lost = 0;
};

enum class Room : std::uint8_t { kMade, kTooManyVictims, kNone };

class RoomMaker {
 public:
  RoomMaker(Turn& turn, const Queue& queue, const Reservations& kept, const Job& job,
            const NodesRequest& request)
      : turn_(turn), store_(turn.store), queue_(queue), kept_(kept), job_(job), request_(request) {}

  Room Run() {
    std::vector<Option> options;
    for (const auto& [id, use] : store_.capacity().nodes()) {
      if (auto option = OptionOn(id, use)) options.push_back(std::move(*option));
    }
    std::sort(options.begin(), options.end(), [](const Option& a, const Option& b) {
      return std::tuple(a.lost, a.victims.size(), a.node) < std::tuple(b.lost, b.victims.size(), b.node);
    });
    const std::vector<NodeId> nodes = Choose(options);
    if (nodes.empty()) return Room::kNone;
    std::set<AttemptRef> victims;
    for (const Option& option : options) {
      if (std::find(nodes.begin(), nodes.end(), option.node) == nodes.end()) continue;
      for (const Victim& victim : option.victims) victims.insert(victim.ref);
    }
    PreemptionBudget& budget = turn_.preemption;
    if (victims.size() > budget.victims) return Room::kTooManyVictims;
    budget.victims -= static_cast<std::uint32_t>(victims.size());
    for (const NodeId node : nodes)
      budget.claimed[node] += request_.TakenOf(store_.capacity().Find(node)->total);
    for (const AttemptRef& victim : victims) PreemptAttempt(turn_, victim, job_.id);
    return Room::kMade;
  }

 private:
  // Those that can be had without anybody's end come first: they have no victims.
  std::optional<Option> OptionOn(NodeId id, const NodeCapacity::Use& use) const {
    if (!use.usable || !request_.each.Fits(use.total) || !IsOpen(id)) return std::nullopt;
    Resources free = use.Free();
    free -= MeantForOthers(id, request_.TakenOf(use.total));
    std::vector<Victim> victims;
    for (const AttemptRef& ref : use.attempts) {
      const Job& job = turn_.state().jobs.at(ref.task.job);
      const Attempt& attempt = *FindTask(job, ref.task.ordinal)->attempt;
      if (attempt.notice || WantedStop(attempt) != StopReason::kNone) {
        free += AllocatedOn(attempt, id);
      } else if (const Queue* from = PreemptedQueue(job)) {
        const std::int64_t unsaved = UnsavedWork(attempt, turn_.at);
        const bool saves = job.spec.settings->checkpoint.used();
        victims.push_back({ref, saves ? 0 : unsaved, unsaved, from->priority, job.priority, attempt.placed_at,
                           AllocatedOn(attempt, id)});
      } else if (request_.exclusive) {
        return std::nullopt;  // it stays
      }
    }
    return Fewest(id, request_.TakenOf(use.total), free, std::move(victims));
  }

  // What this cycle has in mind for others: where it made room for them, that is what is kept for them too.
  // What is kept is not in the way of who would leave it alone (LeavesAlone) once the victims have gone.
  Resources MeantForOthers(NodeId id, const Resources& needed) const {
    Resources meant;
    const TimePoint ends =
        LatestEnd(turn_.at + turn_.settings.preemption_notice, job_.spec.settings->walltime);
    const auto add = [&](const KeptShare& share) {
      const bool alone = (share.from.set() && ends <= share.from) || needed.Fits(share.beside);
      if (!alone) meant += share.taken;
    };
    const auto claimed = turn_.preemption.claimed.find(id);
    const auto kept = kept_.kept().find(id);
    if (claimed != turn_.preemption.claimed.end()) meant += claimed->second;
    if (kept == kept_.kept().end()) return meant;
    if (claimed == turn_.preemption.claimed.end()) add(kept->second);
    for (const KeptShare& share : kept->second.also) add(share);
    return meant;
  }

  // As many as it takes, in their order; of these the costly ones stay that are not needed after all.
  std::optional<Option> Fewest(NodeId id, const Resources& needed, Resources free,
                               std::vector<Victim> victims) const {
    std::sort(victims.begin(), victims.end(), GoesFirst);
    Option option{id, {}, 0};
    for (const Victim& victim : victims) {
      if (needed.Fits(free)) break;
      free += victim.frees;
      option.victims.push_back(victim);
    }
    if (!needed.Fits(free)) return std::nullopt;
    for (std::size_t i = option.victims.size(); i-- > 0;) {
      Resources without = free;
      without -= option.victims[i].frees;
      if (!needed.Fits(without)) continue;
      free = without;
      option.victims.erase(option.victims.begin() + static_cast<std::ptrdiff_t>(i));
    }
    for (const Victim& victim : option.victims) option.lost += victim.lost;
    return option;
  }

  const Queue* PreemptedQueue(const Job& job) const {
    const std::string& name = job.spec.settings->queue;
    if (!std::binary_search(queue_.preempts.begin(), queue_.preempts.end(), name)) return nullptr;
    const auto it = turn_.state().queues.find(name);
    const bool lower = it != turn_.state().queues.end() && it->second.priority < queue_.priority;
    return lower ? &it->second : nullptr;
  }

  bool IsOpen(NodeId node) const {
    const Calendar& calendar = store_.calendar();
    if (calendar.empty() && request_.reservation.empty()) return true;
    const TimePoint ends =
        LatestEnd(turn_.at + turn_.settings.preemption_notice, job_.spec.settings->walltime);
    return calendar.IsOpen(node, turn_.at, ends, request_.reservation);
  }

  // The cheapest that stand to each other as is asked for.
  std::vector<NodeId> Choose(const std::vector<Option>& options) const {
    const ClusterView view = store_.ViewFor(request_);
    std::vector<NodeCandidate> candidates;
    for (const Option& option : options) {
      candidates.push_back({option.node, request_.TakenOf(store_.capacity().Find(option.node)->total), true});
      const std::size_t n = candidates.size();
      const bool look =
          n >= request_.nodes && ((n & (n - 1)) == 0 || n == request_.nodes || n == options.size());
      if (!look) continue;
      if (std::vector<NodeId> nodes = ChooseNodes(view, request_, candidates).nodes; !nodes.empty())
        return nodes;
    }
    return {};
  }

  Turn& turn_;
  const Store& store_;
  const Queue& queue_;
  const Reservations& kept_;
  const Job& job_;
  const NodesRequest& request_;
};

}  // namespace

std::int64_t UnsavedWork(const Attempt& attempt, TimePoint now) {
  if (!attempt.started_at.set()) return 0;
  const TimePoint since = std::max(attempt.started_at, attempt.known_save().work_from);
  return std::max<std::int64_t>((now - since).count(), 0) / 1000 * CpuOf(attempt) / 1000;
}

bool MakeRoom(Turn& turn, const Queue& queue, const Reservations& kept, const Job& job,
              const NodesRequest& request) {
  PreemptionBudget& budget = turn.preemption;
  const auto runs = [&turn](const std::string& name) { return turn.store.CountsOfQueue(name).live() > 0; };
  if (budget.victims == 0 || std::none_of(queue.preempts.begin(), queue.preempts.end(), runs)) return false;
  FutileRequests& futile = turn.links.no_room_made[queue.name];
  const Duration walltime = job.spec.settings->walltime;
  futile.Begin(turn.store.capacity().grown());
  if (futile.Has(request, walltime)) return false;
  if (budget.searches == 0) {
    if (budget.found_futile) turn.WantCycle();
    return false;
  }
  --budget.searches;
  const bool untouched = budget.victims == turn.settings.max_preemptions_per_cycle && budget.claimed.empty();
  const Room room = RoomMaker(turn, queue, kept, job, request).Run();
  // What is in the way for this cycle alone says nothing of the next.
  if (room != Room::kMade && untouched) {
    futile.Add(request, walltime);
    budget.found_futile = true;
  }
  return room == Room::kMade;
}

// Where the queue has a limit, one after another: the next may have to wait for all that.
void MakeRoomForClass(Turn& turn, const Queue& queue, const Reservations& kept, const WaitingClass& waiting,
                      const NodesRequest& request) {
  if (queue.preempts.empty()) return;
  const bool limited = queue.max_running > 0 || queue.max_running_per_user > 0 || HasFineLimits(queue) ||
                       queue.fair_share.compute_reservation > 0;
  for (const WaitingMember& member : waiting.members) {
    const Job& job = turn.state().jobs.at(member.job);
    const std::uint32_t concurrency = job.array ? job.spec.array->concurrency() : 0;
    const std::uint32_t open = job.array ? job.array->open_count : 1;
    const std::uint32_t tasks =
        concurrency > 0 ? std::min(open, concurrency - job.array->live_count()) : open;
    for (std::uint32_t i = 0; i < tasks; ++i) {
      if (!MakeRoom(turn, queue, kept, job, request) || limited) return;
    }
  }
}

std::vector<AttemptRef> PreemptedFor(const Store& store, JobId job) {
  std::set<AttemptRef> found;
  for (const auto& [id, use] : store.capacity().nodes()) {
    for (const AttemptRef& ref : use.attempts) {
      const Attempt& attempt = *FindTask(store.state().jobs.at(ref.task.job), ref.task.ordinal)->attempt;
      if (attempt.notice && attempt.notice->preempted_for == job) found.insert(ref);
    }
  }
  return {found.begin(), found.end()};
}

}  // namespace bsub::sched
