// When nodes are closed: kept up to date as nodes come and time passes.
#include <algorithm>
#include <functional>
#include <utility>

#include "scheduler/core/apply_checks.h"
#include "scheduler/core/state_hash.h"
#include "scheduler/core/store.h"

namespace bsub::sched {
namespace {

void CloseForMaintenance(Calendar& calendar, const Node& node, const std::vector<NodesClosed>& maintenance) {
  for (const NodesClosed& closed : maintenance) {
    if (std::binary_search(closed.nodes.begin(), closed.nodes.end(), node.description.name))
      calendar.Add(node.id, {closed.from, closed.to, closed.name, false});
  }
}

void Reserve(Calendar& calendar, const State& state, const AdvanceReservation& reservation) {
  for (const NodeId node : reservation.nodes) {
    if (state.nodes.count(node) != 0)
      calendar.Add(node, {reservation.from, reservation.to, reservation.name, true});
  }
}

}  // namespace

Calendar Store::MakeCalendar() const {
  Calendar calendar;
  calendar.Advance(calendar_.now());
  for (const auto& [id, node] : state_.nodes) CloseForMaintenance(calendar, node, maintenance_);
  for (const auto& [name, reservation] : state_.reservations) Reserve(calendar, state_, reservation);
  return calendar;
}

void Store::SetMaintenance(std::vector<NodesClosed> maintenance) {
  maintenance_ = std::move(maintenance);
  for (NodesClosed& closed : maintenance_) std::sort(closed.nodes.begin(), closed.nodes.end());
  EditCalendar([this] { calendar_ = MakeCalendar(); });
}

// One node, or those of one reservation, at a time: a large cluster comes up node by node.
void Store::EditCalendar(const std::function<void()>& change) {
  const bool none_before = calendar_.empty();
  change();
  capacity_.NoteOpened();
  if (none_before == calendar_.empty()) return;
  for (const auto& [name, queue] : state_.queues) SetClassesOf(queue);
}

void Store::AddToCalendar(const Node& node) {
  if (maintenance_.empty()) return;
  EditCalendar([&] { CloseForMaintenance(calendar_, node, maintenance_); });
}

void Store::RemoveFromCalendar(NodeId node) {
  if (calendar_.empty()) return;
  EditCalendar([&] { calendar_.Remove(node); });
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

Status Store::Do(const ReservationMade& e, TimePoint /*at*/) {
  const AdvanceReservation& made = e.reservation;
  BSUB_RETURN_IF_ERROR(Expect(state_.reservations.count(made.name) == 0, "a new reservation", 0));
  BSUB_RETURN_IF_ERROR(Expect(made.from < made.to, "a reservation that lasts", 0));
  for (const NodeId node : made.nodes)
    BSUB_RETURN_IF_ERROR(Expect(state_.nodes.count(node) != 0, "a known node", node.value()));
  state_.reservations[made.name] = made;
  terms_ += HashOf(made);
  EditCalendar([&] { Reserve(calendar_, state_, made); });
  return OkStatus();
}

Status Store::Do(const ReservationEnded& e, TimePoint /*at*/) {
  const auto it = state_.reservations.find(e.name);
  BSUB_RETURN_IF_ERROR(Expect(it != state_.reservations.end(), "a known reservation", 0));
  terms_ -= HashOf(it->second);
  EditCalendar([&] {
    for (const NodeId node : it->second.nodes) calendar_.Remove(node, e.name);
  });
  state_.reservations.erase(it);
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
