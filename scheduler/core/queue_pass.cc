#include "scheduler/core/queue_pass.h"

#include <algorithm>
#include <utility>

#include "scheduler/core/cycle.h"
#include "scheduler/core/place_task.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

bool BackfillsByTime(Backfill backfill) {
  return backfill == Backfill::kEasy || backfill == Backfill::kShortest;
}

}  // namespace

QueuePass::QueuePass(Turn& turn, const Queue& queue, Reservations& kept, std::uint32_t& choices)
    : turn_(turn), queue_(queue), kept_(kept), choices_(choices) {}

std::uint32_t QueuePass::Run(std::uint32_t budget) {
  if (budget > 0 && !NobodyFits()) Begin();
  while (placed_ < budget && !NobodyFits()) {
    const std::optional<Head> head = Next();
    if (!head) break;
    const WaitingClass& waiting = *head->waiting;
    if (ComesLaterNow(*head)) continue;
    const JobSettings& settings = *head->job->spec.settings;
    if (HitsLimit(turn_.store, queue_, settings) || MustLeaveReserve(*head)) continue;
    if (AwaitsReservation(turn_.store, settings, turn_.at)) continue;
    const bool others = waiting.members.size() > 1;
    if (!TryStart(*head)) continue;
    // The class is gone with its last member; an array may be in it again.
    ServeAgain(others ? &waiting : head->job->waiting_class);
  }
  placed_ = std::min(placed_, budget);
  if (put_off_) turn_.WantCycle();
  if (!AllServed() || put_off_ || placed_ == budget || turn_.store.capacity().Full()) KeepAsBefore();
  return placed_;
}

// Where nothing is free, room can still be made for what preempts others.
bool QueuePass::NobodyFits() const { return turn_.store.capacity().Full() && queue_.preempts.empty(); }

void QueuePass::Begin() {
  if (queue_.order != QueueOrder::kPriority) return PushAll();
  if (const ServedIndex* index = turn_.store.waiting().InOrder(queue_.name)) cursor_.emplace(*index);
}

std::optional<QueuePass::Head> QueuePass::Next() {
  if (cursor_) return NextInOrder();
  if (heads_.empty()) return std::nullopt;
  return Pop();
}

// Those for which nodes are kept have them, and whoever is behind them and finds no room is not looked at
// again in this pass: then it need not be asked at all.
bool QueuePass::MayPassOver() const {
  if (!queue_.preempts.empty()) return false;
  if (queue_.backfill == Backfill::kNone) return false;
  if (queue_.backfill == Backfill::kShortest) return by_walltime_;
  return !MayKeepMore() || keep_tries_ >= turn_.settings.max_kept_node_tries;
}

std::optional<QueuePass::Head> QueuePass::NextInOrder() {
  const std::int64_t most = MayPassOver() ? turn_.store.capacity().most_free_cpu_milli() : INT64_MAX;
  const auto place = [](const ServedClass& c) {
    return ServedPlace{c.place.negated_priority, 0, c.place.normal, c.place.job};
  };
  const ServedClass* next = cursor_->Next(most);
  while (next && by_walltime_ && place(*next) <= tried_until_) next = cursor_->Next(most);
  if (!next) {
    cursor_.reset();
    return std::nullopt;
  }
  if (!by_walltime_) tried_until_ = next->place;
  const ServedKey key{true, next->place.negated_priority, next->place.normal, {}, next->place.job};
  return Head{key, next->place.walltime, next->waiting, next->job};
}

bool QueuePass::AllServed() const { return !cursor_ && heads_.empty(); }

void QueuePass::Stop() {
  cursor_.reset();
  heads_.clear();
}

void QueuePass::ServeAgain(const WaitingClass* waiting) {
  if (cursor_) {
    cursor_->StayAtLast();
  } else if (waiting) {
    Push(*waiting);
  }
}

// What this pass has started counts for the shares: whoever has got something goes behind the others.
bool QueuePass::ComesLaterNow(const Head& head) {
  if (!GoesByShares(queue_.order) || placed_ == 0) return false;
  if (!(head.key < ServedKeyOf(turn_.store, queue_, *head.waiting, turn_.at))) return false;
  Push(*head.waiting);
  return true;
}

// A part of the machine is for shares that run nothing yet (FairShare::compute_reservation).
bool QueuePass::MustLeaveReserve(const Head& head) const {
  return LeavesTooLittle(turn_.store, queue_, *head.job, turn_.at);
}

// As long as its next task still waits for what it prefers, that is required.
bool QueuePass::TryStart(const Head& head) {
  const NodesRequest& of_class = head.waiting->key.request;
  if (of_class.placement.mode != PlacementMode::kPreferred) return TryStart(head, of_class);
  return TryStart(head, RequestNow(*head.job, turn_.at));
}

bool QueuePass::TryStart(const Head& head, const NodesRequest& request) {
  const TimePoint ends = LatestEnd(turn_.at, head.job->spec.settings->walltime);
  if (request.plain()) {
    if (const auto node = turn_.store.ChooseNode(request, kept_.kept(), ends)) {
      Start(*head.job, request, {{*node}, nullptr}, ends);
      return true;
    }
  } else {
    if (MustPutOff(head, request)) return false;
    if (const ChosenNodes chosen = Choose(head, request, ends); !chosen.nodes.empty()) {
      Start(*head.job, request, chosen, ends);
      return true;
    }
  }
  const NodesRequest& of_class = head.waiting->key.request;
  if (&request != &of_class && request != of_class) WakeForPreference(head);
  MakeRoomForClass(turn_, queue_, kept_, *head.waiting, request);
  Passed(head, request);
  return false;
}

void QueuePass::Start(const Job& job, const NodesRequest& request, const ChosenNodes& chosen,
                      TimePoint ends) {
  placed_ += static_cast<std::uint32_t>(chosen.nodes.size());
  for (const NodeId node : chosen.nodes)
    kept_.Take(node, request.TakenOf(turn_.store.capacity().Find(node)->total), ends);
  PlaceTask(turn_, job, NextTask(job), chosen);  // the class, and the request with it, may be gone then
}

bool QueuePass::MustPutOff(const Head& head, const NodesRequest& request) {
  if (choices_ > 0 || turn_.links.futile.Has(request, head.waiting->key.walltime)) return false;
  put_off_ = true;
  if (queue_.backfill == Backfill::kNone) Stop();
  return true;
}

ChosenNodes QueuePass::Choose(const Head& head, const NodesRequest& request, TimePoint ends) {
  FutileRequests& futile = turn_.links.futile;
  if (futile.Has(request, head.waiting->key.walltime)) return {};
  ChosenNodes chosen = turn_.store.ChooseNodes(request, kept_.kept(), ends);
  choices_ -= std::min(choices_, chosen.tries);
  if (chosen.nodes.empty()) futile.Add(request, head.waiting->key.walltime);
  return chosen;
}

void QueuePass::Passed(const Head& head, const NodesRequest& request) {
  KeepNodesFor(head, request);
  if (queue_.backfill == Backfill::kNone) Stop();
  if (queue_.backfill == Backfill::kShortest && !by_walltime_ && !MayKeepMore()) GoByWalltime();
}

// Those that are first in their order have their nodes: behind them the shortest is tried first.
void QueuePass::GoByWalltime() {
  by_walltime_ = true;
  if (cursor_) cursor_.emplace(*turn_.store.waiting().ShortestFirst(queue_.name));
  for (Head& head : heads_) head.walltime = ComparedWalltime(head.waiting->key.walltime);
  std::make_heap(heads_.begin(), heads_.end(), ServedLater());
}

void QueuePass::PushAll() {
  const WaitingTable::Classes* classes = turn_.store.waiting().ClassesOf(queue_.name);
  if (!classes) return;
  heads_.reserve(classes->size() + 1);
  for (const auto& [key, waiting] : *classes) heads_.push_back(HeadOf(waiting));
  std::make_heap(heads_.begin(), heads_.end(), ServedLater());
}

void QueuePass::Push(const WaitingClass& waiting) {
  heads_.push_back(HeadOf(waiting));
  std::push_heap(heads_.begin(), heads_.end(), ServedLater());
}

QueuePass::Head QueuePass::HeadOf(const WaitingClass& waiting) const {
  const WaitingMember next = NextOf(queue_, waiting, turn_.at);
  return {ServedKeyOf(turn_.store, queue_, *next.of, next, turn_.at),
          by_walltime_ ? ComparedWalltime(waiting.key.walltime) : 0, &waiting, next.of};
}

QueuePass::Head QueuePass::Pop() {
  std::pop_heap(heads_.begin(), heads_.end(), ServedLater());
  const Head head = heads_.back();
  heads_.pop_back();
  return head;
}

void QueuePass::WakeForPreference(const Head& head) {
  const TimePoint since = WaitsSince(*head.job);
  TimePoint& wake = turn_.links.preference_ends;
  wake = std::min(wake, since + head.waiting->key.request.placement.wait);
}

// A node may be kept for when it opens again: until then others can use it.
bool QueuePass::KeepsByTime() const {
  return BackfillsByTime(queue_.backfill) || !turn_.store.calendar().empty();
}

bool QueuePass::MayKeepMore() const { return kept_here_ < turn_.settings.kept_nodes_per_queue; }

void QueuePass::KeepNodesFor(const Head& head, const NodesRequest& request) {
  const ClassKey& key = head.waiting->key;
  if (!MayKeepMore() || keep_tries_ >= turn_.settings.max_kept_node_tries) return;
  if (KeepAgain(key)) return;
  const auto back_by = [this](NodeId node) { return BackBy(turn_, node); };
  const KeptNodes chosen =
      ChooseNodesToKeep(turn_.store, request, key.walltime, kept_, back_by, turn_.at, turn_.settings.keep);
  keep_tries_ += std::max(chosen.tries, 1U);
  if (chosen.nodes.empty()) return;
  const JobId overdue = head.key.in_time ? JobId() : head.key.job;
  Keep(chosen.nodes, {queue_.name, key, chosen.until, head.key.job}, overdue, chosen.from);
}

// The one of the holders that has waited too long; invalid: none has.
JobId QueuePass::OverdueOf(const Reservation& reservation) const {
  if (queue_.order == QueueOrder::kPriority) return {};
  const WaitingClass* holder = HolderOf(turn_.store, reservation);
  if (!holder || holder->by_wait.empty()) return {};
  const LongWait& longest = *holder->by_wait.begin();
  return IsOverdue(queue_, longest.since, turn_.at) ? longest.job : JobId();
}

// Those that were kept for the class before, if all of them can still serve. One that is out of contact or
// rests for a while stays, and the start with it: nothing begins beside it that is over only when it is back.
bool QueuePass::KeepAgain(const ClassKey& key) {
  std::vector<KeepCandidate> nodes;
  const Reservation* reservation = nullptr;
  TimePoint from = turn_.at;
  for (const auto& [id, before] : turn_.store.reservations().all()) {
    if (before.queue != queue_.name || before.holder != key) continue;
    if (!HolderOf(turn_.store, before)) return false;
    const NodeCapacity::Use* use = turn_.store.capacity().Find(id);
    if (!use || !key.request.each.Fits(use->total) || kept_.all().count(id) != 0) return false;
    if (!use->usable && !BackBy(turn_, id).set()) return false;
    // Whoever is overdue keeps the nodes for good: others might come free later.
    if (before.until <= turn_.at && !OverdueOf(before).valid()) return false;
    if (!reservation) reservation = &before;
    nodes.push_back({id, use->Free(), key.request.TakenOf(use->total)});
    if (!KeepsByTime()) continue;
    const NodeOutlook outlook(use->Free(), use->tasks, turn_.at, turn_.settings.keep.shortest_guess);
    from = std::max(from, outlook.FitsAt(nodes.back().taken));
  }
  if (!reservation || !key.request.Takes(nodes.size())) return false;
  from = EarliestOpen(turn_.store, nodes, from, key.walltime, key.request.reservation);
  if (from == TimePoint::Max()) return false;
  Keep(nodes, *reservation, OverdueOf(*reservation), from);
  return true;
}

// `overdue`: whoever is takes over what was kept for the first of its class.
void QueuePass::Keep(const std::vector<KeepCandidate>& nodes, const Reservation& reservation, JobId overdue,
                     TimePoint from) {
  for (const KeepCandidate& node : nodes) {
    KeptShare share{node.taken};
    if (KeepsByTime()) {
      share.from = from;
      share.beside =
          OutlookOf(turn_.store, node.node, turn_.at, turn_.settings.keep.shortest_guess).FreeAt(from);
      share.beside -= node.taken;
    }
    Reservation kept = reservation;
    kept.overdue = overdue.valid();
    if (kept.overdue) kept.job = overdue;
    kept_.Add(node.node, share, std::move(kept));
  }
  ++kept_here_;
}

// The pass ended before it came to those for whom nodes were kept.
void QueuePass::KeepAsBefore() {
  for (const auto& [node, reservation] : turn_.store.reservations().all()) {
    if (!MayKeepMore()) return;
    if (reservation.queue != queue_.name || !HolderOf(turn_.store, reservation)) continue;
    if (!kept_.Holds(queue_.name, reservation.holder)) KeepAgain(reservation.holder);
  }
}

}  // namespace bsub::sched
