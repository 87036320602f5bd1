// The scheduling cycle: queues by priority, in each the waiting classes by priority, retry and submission
// order; each task on the node that fits best. A class whose first task cannot start is passed over for the
// rest of the cycle; the first such class of a queue has a node kept free for it (reservations.h).
//
// Cost: classes + placements · log(classes), whatever the number of waiting jobs. Places of gangs are looked
// for a bounded number of times; the next cycle goes on where that was reached (futile_requests.h).
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

// What is fixed for every part of an attempt.
LaunchTask LaunchOf(const Job& job, const AttemptRef& ref) {
  LaunchTask launch;
  launch.attempt = ref;
  launch.settings = job.spec.settings;
  launch.job_name = job.spec.name;
  launch.command = job.spec.command;
  launch.array_index = IndexOf(job, ref.task.ordinal);
  launch.array_size = job.array ? job.size() : 0;
  launch.restart_count = ref.number - 1;
  return launch;
}

PlacedPart MakePart(const Turn& turn, const NodesRequest& request, NodeId node_id) {
  const NodeCapacity& capacity = turn.store.capacity();
  const Resources taken = request.TakenOf(capacity.Find(node_id)->total);
  return {node_id, turn.state().nodes.at(node_id).incarnation, taken,
          capacity.ChooseGpus(node_id, taken.gpus)};
}

void SendLaunch(Turn& turn, LaunchTask launch, PlacedPart part) {
  launch.node = part.node;
  launch.incarnation = part.incarnation;
  launch.allocated = part.allocated;
  launch.gpu_indices = std::move(part.gpu_indices);
  turn.Send(std::move(launch));
}

// Each part is told where all of them are.
void PlaceGang(Turn& turn, LaunchTask launch, PlacedPart main, std::vector<PlacedPart> others,
               const PlacementRecord* placement) {
  auto gang = std::make_shared<LaunchGang>();
  const auto add = [&](const PlacedPart& part) {
    const NodeDescription& node = turn.state().nodes.at(part.node).description;
    gang->nodes.push_back({node.name, node.address.empty() ? node.host : node.address});
  };
  add(main);
  for (const PlacedPart& part : others) add(part);
  if (placement) gang->partitions = placement->partitions;
  launch.gang = std::move(gang);
  const JobSettings& settings = *launch.settings;
  const PayloadHash common = launch.command;
  SendLaunch(turn, launch, std::move(main));
  for (PlacedPart& part : others) {
    ++launch.part;
    launch.command = CommandOf(launch.part, common, settings.node_ranges);
    SendLaunch(turn, launch, std::move(part));
  }
}

void Place(Turn& turn, const Job& job, std::uint32_t ordinal, const ChosenNodes& chosen) {
  const std::vector<NodeId>& nodes = chosen.nodes;
  const NodesRequest request = RequestOf(*job.spec.settings);
  const AttemptRef ref{{job.id, ordinal}, AttemptsGiven(job, ordinal) + 1};
  LaunchTask launch = LaunchOf(job, ref);
  launch.command = CommandOf(kMainPart, launch.command, job.spec.settings->node_ranges);
  PlacedPart main = MakePart(turn, request, nodes.front());
  std::vector<PlacedPart> others;
  for (std::size_t i = 1; i < nodes.size(); ++i) others.push_back(MakePart(turn, request, nodes[i]));
  turn.Record(AttemptPlaced{ref, main.node, main.incarnation, main.allocated, main.gpu_indices, others,
                            chosen.placement});
  if (job.spec.settings->gang.plain()) return SendLaunch(turn, std::move(launch), std::move(main));
  PlaceGang(turn, std::move(launch), std::move(main), std::move(others), chosen.placement.get());
}

// One queue's part of a cycle. What it keeps free is added to `kept`, and is out of reach for all that is
// served later.
class QueuePass {
 public:
  // `choices`: how many more times places of a gang may be looked for in this cycle.
  QueuePass(Turn& turn, const Queue& queue, Reservations& kept, std::uint32_t& choices)
      : turn_(turn), queue_(queue), kept_(kept), choices_(choices) {}

  // Starts what can start, at most `budget`; returns how many it started.
  std::uint32_t Run(std::uint32_t budget) {
    std::uint32_t placed = 0;
    if (budget > 0 && !turn_.store.capacity().Full()) PushAll();
    while (!heads_.empty() && placed < budget && !turn_.store.capacity().Full()) {
      const Head head = heads_.top();
      heads_.pop();
      if (HitsLimit(turn_.store, queue_, head.key.uid)) continue;
      const NodesRequest request = RequestNow(head);
      if (MustPutOff(request)) continue;
      const ChosenNodes chosen = Choose(request);
      if (chosen.nodes.empty()) {
        if (request != head.key.request) WakeForPreference(head);
        KeepNodesFor(head.key, request);
        continue;
      }
      const Job& job = turn_.state().jobs.at(head.member.job);
      Place(turn_, job, NextTask(job), chosen);
      placed = static_cast<std::uint32_t>(std::min<std::size_t>(budget, placed + chosen.nodes.size()));
      PushNext(head.key);
    }
    if (put_off_) turn_.WantCycle();
    if (!heads_.empty() || put_off_ || placed == budget || turn_.store.capacity().Full()) KeepAsBefore();
    return placed;
  }

 private:
  // It is the next cycle's, which need not look again for what this one has found no places for.
  bool MustPutOff(const NodesRequest& request) {
    if (request.plain() || choices_ > 0 || turn_.links.futile.Has(request)) return false;
    put_off_ = true;
    return true;
  }

  ChosenNodes Choose(const NodesRequest& request) {
    if (request.plain()) return turn_.store.ChooseNodes(request, kept_.kept());
    FutileRequests& futile = turn_.links.futile;
    if (futile.Has(request)) return {};
    --choices_;
    ChosenNodes chosen = turn_.store.ChooseNodes(request, kept_.kept());
    if (chosen.nodes.empty()) futile.Add(request);
    return chosen;
  }

  bool MayKeepMore() const { return kept_here_ < turn_.settings.kept_nodes_per_queue; }

  // That of the class; as long as its next task still waits for what it prefers, that is required.
  NodesRequest RequestNow(const Head& head) const {
    if (head.key.request.placement.mode != PlacementMode::kPreferred) return head.key.request;
    return sched::RequestNow(turn_.state().jobs.at(head.member.job), turn_.at);
  }

  void WakeForPreference(const Head& head) {
    const TimePoint since = WaitsSince(turn_.state().jobs.at(head.member.job));
    TimePoint& wake = turn_.links.preference_ends;
    wake = std::min(wake, since + head.key.request.placement.wait);
  }

  void KeepNodesFor(const ClassKey& key, const NodesRequest& request) {
    if (!MayKeepMore() || keep_tries_ >= turn_.settings.max_kept_node_tries) return;
    if (KeepAgain(key)) return;
    ++keep_tries_;
    const KeptNodes chosen = ChooseNodesToKeep(turn_.store, request, kept_, turn_.at, turn_.settings.keep);
    if (chosen.nodes.empty()) return;
    for (const KeepCandidate& node : chosen.nodes)
      kept_.Add(node.node, node.taken, {queue_.name, key, chosen.until});
    ++kept_here_;
  }

  // Those that were kept for the class before, if all of them can still serve.
  bool KeepAgain(const ClassKey& key) {
    const Reservations& before = turn_.store.reservations();
    const std::vector<NodeId> nodes = before.NodesOf(queue_.name, key);
    if (nodes.empty() || nodes.size() != key.request.nodes) return false;
    const bool all = std::all_of(nodes.begin(), nodes.end(), [&](NodeId node) {
      const NodeCapacity::Use* use = turn_.store.capacity().Find(node);
      return use && use->usable && key.request.each.Fits(use->total) &&
             before.all().at(node).until > turn_.at && kept_.all().count(node) == 0;
    });
    if (!all) return false;
    for (const NodeId node : nodes) {
      const Resources& total = turn_.store.capacity().Find(node)->total;
      kept_.Add(node, key.request.TakenOf(total), before.all().at(node));
    }
    ++kept_here_;
    return true;
  }

  // The pass ended before it came to those for whom nodes were kept.
  void KeepAsBefore() {
    for (const auto& [node, reservation] : turn_.store.reservations().all()) {
      if (!MayKeepMore()) return;
      if (reservation.queue != queue_.name || !HolderOf(turn_.store, reservation)) continue;
      if (!kept_.Holds(queue_.name, reservation.holder)) KeepAgain(reservation.holder);
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
  std::uint32_t& choices_;
  bool put_off_ = false;
  std::uint32_t kept_here_ = 0;
  std::uint32_t keep_tries_ = 0;
  std::priority_queue<Head> heads_;
};

// Whether some node has more for everybody than it had.
bool KeepsLess(const KeptResources& now, const KeptResources& before) {
  return std::any_of(before.begin(), before.end(), [&now](const auto& kept) {
    const auto still = now.find(kept.first);
    return still == now.end() || !kept.second.Fits(still->second);
  });
}

Head HeadOf(const WaitingClass& waiting) {
  return {waiting.key.priority, *waiting.members.begin(), waiting.key};
}

}  // namespace

bool MustYield(const Store& store, const Queue& queue, const WaitingClass& waiting,
               const Reservation& reservation, TimePoint now) {
  const WaitingClass* holder = HolderOf(store, reservation);
  if (!holder) return false;
  const Job& first = store.state().jobs.at(holder->members.begin()->job);
  if (store.HasRoom(RequestNow(first, now))) return false;
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
  std::uint32_t choices = turn.settings.max_gang_choices_per_cycle;
  FutileRequests& futile = turn.links.futile;
  futile.Begin(turn.store.capacity().grown());
  Reservations kept;
  turn.links.preference_ends = TimePoint::Max();
  for (const Queue* queue : QueuesInOrder(turn.state())) {
    if (!queue->dispatches) continue;
    left -= QueuePass(turn, *queue, kept, choices).Run(left);
  }
  if (KeepsLess(kept.kept(), turn.store.reservations().kept())) {
    if (futile.relied_on()) turn.WantCycle();
    futile.Forget();
  }
  turn.store.SetReservations(std::move(kept));
  if (left == 0) turn.WantCycle();
}

}  // namespace bsub::sched
