// When nodes are closed: kept up to date as nodes come and time passes.
#include <utility>

#include "scheduler/core/apply_checks.h"
#include "scheduler/core/state_hash.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

void Store::SetMaintenance(std::vector<NodesClosed> maintenance) {
  maintenance_ = std::move(maintenance);
  MakeCalendar();
}

bool Store::AdvanceCalendar(TimePoint now) {
  const bool none_before = calendar_.empty();
  if (!calendar_.Advance(now)) return false;
  capacity_.NoteOpened();
  if (!none_before && calendar_.empty()) {
    for (const auto& [name, queue] : state_.queues) SetClassesOf(queue);
  }
  return true;
}

void Store::MakeCalendar() {
  const bool none_before = calendar_.empty();
  calendar_.Clear();
  for (const NodesClosed& closed : maintenance_) {
    for (const std::string& name : closed.nodes) {
      if (const Node* node = state_.FindNode(name))
        calendar_.Add(node->id, {closed.from, closed.to, closed.name, false});
    }
  }
  for (const auto& [name, reservation] : state_.reservations) {
    for (const NodeId node : reservation.nodes) {
      if (state_.nodes.count(node) != 0) calendar_.Add(node, {reservation.from, reservation.to, name, true});
    }
  }
  capacity_.NoteOpened();
  if (none_before == calendar_.empty()) return;
  for (const auto& [name, queue] : state_.queues) SetClassesOf(queue);
}

Status Store::Do(const ReservationMade& e, TimePoint /*at*/) {
  const AdvanceReservation& made = e.reservation;
  BSUB_RETURN_IF_ERROR(Expect(state_.reservations.count(made.name) == 0, "a new reservation", 0));
  BSUB_RETURN_IF_ERROR(Expect(made.from < made.to, "a reservation that lasts", 0));
  for (const NodeId node : made.nodes)
    BSUB_RETURN_IF_ERROR(Expect(state_.nodes.count(node) != 0, "a known node", node.value()));
  state_.reservations[made.name] = made;
  terms_ += HashOf(made);
  MakeCalendar();
  return OkStatus();
}

Status Store::Do(const ReservationEnded& e, TimePoint /*at*/) {
  const auto it = state_.reservations.find(e.name);
  BSUB_RETURN_IF_ERROR(Expect(it != state_.reservations.end(), "a known reservation", 0));
  terms_ -= HashOf(it->second);
  state_.reservations.erase(it);
  MakeCalendar();
  return OkStatus();
}

bool Store::ReservationHasBegun(const std::string& name, TimePoint now) const {
  const auto it = state_.reservations.find(name);
  return it != state_.reservations.end() && it->second.from <= now && now < it->second.to;
}

// As long as any node is to be closed, time limits tell who may have it.
void Store::SetClassesOf(const Queue& queue) {
  WaitingOrder order = WaitingOrderOf(queue);
  if (!calendar_.empty()) order.by_walltime = true;
  waiting_.SetOrder(queue.name, order, state_.jobs);
}

}  // namespace bsub::sched
