// The scheduling cycle: queues by priority, in each the waiting classes by priority, retry and submission
// order; each task on the node that fits best. A class whose first task cannot start is passed over for the
// rest of the cycle; the first such class of a queue has a node kept free for it (reservations.h).
//
// Cost: classes + placements · log(classes), whatever the number of waiting jobs.
#include "scheduler/core/cycle.h"

#include <algorithm>
#include <queue>

#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

// The next member of a class, ordered as the cycle serves them.
struct Head {
  std::int32_t priority = 0;
  WaitingMember member;
  ClassKey key;
  // For a max-heap: "less" is "served later".
  friend bool operator<(const Head& a, const Head& b) {
    if (a.priority != b.priority) return a.priority < b.priority;
    if (a.member != b.member) return b.member < a.member;
    return b.key < a.key;
  }
};

void Place(Turn& turn, const Job& job, std::uint32_t ordinal, NodeId node_id) {
  const Node& node = turn.state().nodes.at(node_id);
  const JobSettings& settings = *job.spec.settings;
  const std::uint32_t attempts = AttemptsGiven(job, ordinal);
  const AttemptRef ref{{job.id, ordinal}, attempts + 1};
  std::vector<std::int32_t> gpus = turn.store.capacity().ChooseGpus(node_id, settings.request.gpus);
  turn.Record(AttemptPlaced{ref, node_id, node.incarnation, settings.request, gpus});
  turn.Send(LaunchTask{node_id, node.incarnation, ref, job.spec.settings, job.spec.name, job.spec.command,
                       settings.request, std::move(gpus), IndexOf(job, ordinal), job.array ? job.size() : 0,
                       attempts});
}

// One queue's part of a cycle. What it keeps free is added to `kept`, and is out of reach for all that is
// served later.
class QueuePass {
 public:
  QueuePass(Turn& turn, const Queue& queue, Reservations& kept) : turn_(turn), queue_(queue), kept_(kept) {}

  // Starts what can start, at most `budget`; returns how many it started.
  std::uint32_t Run(std::uint32_t budget) {
    std::uint32_t placed = 0;
    if (budget > 0 && !turn_.store.capacity().Full()) PushAll();
    while (!heads_.empty() && placed < budget && !turn_.store.capacity().Full()) {
      const Head head = heads_.top();
      heads_.pop();
      if (HitsLimit(turn_.store, queue_, head.key.uid)) continue;
      const std::optional<NodeId> node = turn_.store.capacity().Choose(head.key.request, kept_.kept());
      if (!node) {
        KeepNodeFor(head.key);
        continue;
      }
      const Job& job = turn_.state().jobs.at(head.member.job);
      Place(turn_, job, NextTask(job), *node);
      ++placed;
      PushNext(head.key);
    }
    if (!heads_.empty() || placed == budget || turn_.store.capacity().Full()) KeepAsBefore();
    return placed;
  }

 private:
  bool MayKeepMore() const { return kept_here_ < turn_.settings.kept_nodes_per_queue; }

  void KeepNodeFor(const ClassKey& key) {
    if (!MayKeepMore() || choices_ >= turn_.settings.max_kept_node_tries) return;
    const Reservations& before = turn_.store.reservations();
    if (const auto node = before.NodeOf(queue_.name, key)) {
      if (KeepAgain(*node, before.all().at(*node))) return;
    }
    ++choices_;
    if (const auto chosen =
            ChooseNodeToKeep(turn_.store, key.request, kept_, turn_.at, turn_.settings.keep)) {
      kept_.Add(chosen->node, {queue_.name, key, chosen->until});
      ++kept_here_;
    }
  }

  bool KeepAgain(NodeId node, const Reservation& reservation) {
    const NodeCapacity::Use* use = turn_.store.capacity().Find(node);
    if (!use || !use->usable || !reservation.holder.request.Fits(use->total)) return false;
    if (reservation.until <= turn_.at || kept_.all().count(node) != 0) return false;
    kept_.Add(node, reservation);
    ++kept_here_;
    return true;
  }

  // The pass ended before it came to those for whom nodes were kept.
  void KeepAsBefore() {
    for (const auto& [node, reservation] : turn_.store.reservations().all()) {
      if (!MayKeepMore()) return;
      if (reservation.queue != queue_.name || !HolderOf(turn_.store, reservation)) continue;
      if (!kept_.NodeOf(queue_.name, reservation.holder)) KeepAgain(node, reservation);
    }
  }

  void PushAll() {
    const WaitingTable::Classes* classes = turn_.store.waiting().ClassesOf(queue_.name);
    if (!classes) return;
    for (const auto& [key, waiting] : *classes) heads_.push({key.priority, *waiting.members.begin(), key});
  }

  void PushNext(const ClassKey& key) {
    const WaitingTable::Classes* classes = turn_.store.waiting().ClassesOf(queue_.name);
    if (!classes) return;
    const auto it = classes->find(key);
    if (it != classes->end()) heads_.push({key.priority, *it->second.members.begin(), key});
  }

  Turn& turn_;
  const Queue queue_;
  Reservations& kept_;
  std::uint32_t kept_here_ = 0;
  std::uint32_t choices_ = 0;
  std::priority_queue<Head> heads_;
};

Head HeadOf(const WaitingClass& waiting) {
  return {waiting.key.priority, *waiting.members.begin(), waiting.key};
}

}  // namespace

bool MustYield(const Store& store, const Queue& queue, const WaitingClass& waiting,
               const Reservation& reservation) {
  const WaitingClass* holder = HolderOf(store, reservation);
  if (!holder || store.capacity().Choose(holder->key.request)) return false;
  if (holder->queue == queue.name) return HeadOf(waiting) < HeadOf(*holder);
  const auto other = store.state().queues.find(holder->queue);
  if (other == store.state().queues.end()) return false;
  return queue.priority < other->second.priority ||
         (queue.priority == other->second.priority && queue.name > holder->queue);
}

std::vector<const Queue*> QueuesInOrder(const State& state) {
  std::vector<const Queue*> queues;
  for (const auto& [name, queue] : state.queues) queues.push_back(&queue);
  std::stable_sort(queues.begin(), queues.end(),
                   [](const Queue* a, const Queue* b) { return a->priority > b->priority; });
  return queues;
}

std::optional<LimitHit> HitsLimit(const Store& store, const Queue& queue, std::uint32_t uid) {
  if (queue.max_running > 0) {
    const std::int64_t running = store.CountsOfQueue(queue.name).live();
    if (running >= queue.max_running) return LimitHit{false, queue.max_running, running};
  }
  if (queue.max_running_per_user > 0) {
    const std::int64_t running = store.CountsOfUserInQueue(queue.name, uid).live();
    if (running >= queue.max_running_per_user) return LimitHit{true, queue.max_running_per_user, running};
  }
  return std::nullopt;
}

void Decide(Turn& turn, const RunCycle& input) {
  std::uint32_t left = input.max_placements;
  Reservations kept;
  for (const Queue* queue : QueuesInOrder(turn.state())) {
    if (!queue->dispatches) continue;
    left -= QueuePass(turn, *queue, kept).Run(left);
  }
  turn.store.SetReservations(std::move(kept));
  if (left == 0) turn.WantCycle();
}

}  // namespace bsub::sched
