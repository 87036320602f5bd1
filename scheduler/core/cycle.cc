// The scheduling cycle: queues by priority, each served by a pass (queue_pass.h); and what keeps a class from
// being served, apart from capacity.
#include "scheduler/core/cycle.h"

#include <algorithm>

#include "scheduler/core/conservative_pass.h"
#include "scheduler/core/queue_pass.h"
#include "scheduler/core/served_order.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

// Whether somebody who found no room beside `before` may find some beside `now`. A start that creeps on, as
// guesses of what runs without a limit do, is none: it would have each cycle ask for another.
bool AllowsMore(const KeptShare& now, const KeptShare& before, Duration creeps) {
  const bool later = now.from.set() && (!before.from.set() || now.from - before.from > creeps);
  if (later || !before.taken.Fits(now.taken) || !now.beside.Fits(before.beside)) return true;
  if (now.also.size() < before.also.size()) return true;
  for (std::size_t i = 0; i < before.also.size(); ++i) {
    if (AllowsMore(now.also[i], before.also[i], creeps)) return true;
  }
  return false;
}

bool KeepsLess(const KeptResources& now, const KeptResources& before, Duration creeps) {
  return std::any_of(before.begin(), before.end(), [&](const auto& kept) {
    const auto still = now.find(kept.first);
    return still == now.end() || AllowsMore(still->second, kept.second, creeps);
  });
}

}  // namespace

bool MustYield(const Store& store, const Queue& queue, const WaitingClass& waiting,
               const Reservation& reservation, TimePoint now) {
  const WaitingClass* holder = HolderOf(store, reservation);
  if (!holder) return false;
  const JobId first = reservation.job.valid() ? reservation.job : holder->members.begin()->job;
  if (store.HasRoom(RequestNow(store.state().jobs.at(first), now))) return false;
  if (holder->queue == queue.name) {
    return ServedKeyOf(store, queue, *holder, now) < ServedKeyOf(store, queue, waiting, now);
  }
  const auto other = store.state().queues.find(holder->queue);
  if (other == store.state().queues.end()) return false;
  return queue.priority < other->second.priority ||
         (queue.priority == other->second.priority && queue.name > holder->queue);
}

std::vector<const Queue*> QueuesInOrder(const State& state) {
  std::vector<const Queue*> queues;
  for (const auto& [name, queue] : state.queues) queues.push_back(&queue);
  if (queues.size() < 2) return queues;
  std::stable_sort(queues.begin(), queues.end(),
                   [](const Queue* a, const Queue* b) { return a->priority > b->priority; });
  return queues;
}

bool LeavesTooLittle(const Store& store, const Queue& queue, const Job& job, TimePoint now) {
  const std::int32_t percent = queue.fair_share.compute_reservation;
  if (percent == 0 || !GoesByShares(queue.order)) return false;
  const std::size_t active = store.ActiveShares(queue, now);
  const std::int64_t total = store.capacity().total_cpu_milli();
  const LimitUse* use = store.LimitUseOf(queue.name);
  const std::int64_t taken = (use ? use->cpu_milli : 0) + CpuAskedBy(*job.spec.settings);
  return taken > total - Reserved(total, percent, active);
}

bool AwaitsReservation(const Store& store, const JobSettings& settings, TimePoint now) {
  return !settings.reservation.empty() && !store.ReservationHasBegun(settings.reservation, now);
}

void Decide(Turn& turn, const RunCycle& input) {
  std::uint32_t left = input.max_placements;
  std::uint32_t choices = turn.settings.max_gang_choices_per_cycle;
  FutileRequests& futile = turn.links.futile;
  futile.Begin(turn.store.capacity().grown());
  turn.preemption = {
      turn.settings.max_preemptions_per_cycle, turn.settings.max_preemptions_per_cycle, {}, false};
  Reservations kept;
  turn.links.preference_ends = TimePoint::Max();
  turn.links.next_planned_start = TimePoint::Max();
  for (const Queue* queue : turn.store.queues_in_order()) {
    if (!queue->dispatches) continue;
    left -= queue->backfill == Backfill::kConservative
                ? ConservativePass(turn, *queue, kept, choices).Run(left)
                : QueuePass(turn, *queue, kept, choices).Run(left);
  }
  if (KeepsLess(kept.kept(), turn.store.reservations().kept(), turn.settings.keep.shortest_guess)) {
    auto& no_room = turn.links.no_room_made;
    const bool no_room_relied_on =
        std::any_of(no_room.begin(), no_room.end(), [](const auto& one) { return one.second.relied_on(); });
    if (futile.relied_on() || no_room_relied_on) turn.WantCycle();
    futile.Forget();
    no_room.clear();
  }
  turn.store.SetReservations(std::move(kept));
  if (left == 0) turn.WantCycle();
}

}  // namespace bsub::sched
