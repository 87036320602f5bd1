// The scheduling cycle: queues by priority, in each the waiting classes by priority, retry and submission
// order; each task on the node that fits best. A class whose first task cannot start is passed over for the
// rest of the cycle.
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

// One queue's part of a cycle.
class QueuePass {
 public:
  QueuePass(Turn& turn, const Queue& queue) : turn_(turn), queue_(queue) {
    const WaitingTable::Classes* classes = turn.store.waiting().ClassesOf(queue.name);
    if (!classes) return;
    for (const auto& [key, waiting] : *classes) heads_.push({key.priority, *waiting.members.begin(), key});
  }

  // Starts what can start, at most `budget`; returns how many it started.
  std::uint32_t Run(std::uint32_t budget) {
    std::uint32_t placed = 0;
    while (!heads_.empty() && placed < budget && !turn_.store.capacity().Full()) {
      const Head head = heads_.top();
      heads_.pop();
      if (HitsLimit(turn_.store, queue_, head.key.uid)) continue;
      const std::optional<NodeId> node = turn_.store.capacity().Choose(head.key.request);
      if (!node) continue;
      const Job& job = turn_.state().jobs.at(head.member.job);
      Place(turn_, job, NextTask(job), *node);
      ++placed;
      PushNext(head.key);
    }
    return placed;
  }

 private:
  void PushNext(const ClassKey& key) {
    const WaitingTable::Classes* classes = turn_.store.waiting().ClassesOf(queue_.name);
    if (!classes) return;
    const auto it = classes->find(key);
    if (it != classes->end()) heads_.push({key.priority, *it->second.members.begin(), key});
  }

  Turn& turn_;
  const Queue queue_;
  std::priority_queue<Head> heads_;
};

}  // namespace

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
  for (const Queue* queue : QueuesInOrder(turn.state())) {
    if (!queue->dispatches) continue;
    left -= QueuePass(turn, *queue).Run(left);
    if (left == 0) return turn.WantCycle();
  }
}

}  // namespace bsub::sched
