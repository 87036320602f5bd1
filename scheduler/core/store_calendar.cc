// When nodes are closed: kept up to date as nodes come and time passes.
#include <utility>

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
  capacity_.NoteOpened();
  if (none_before == calendar_.empty()) return;
  for (const auto& [name, queue] : state_.queues) SetClassesOf(queue);
}

// As long as any node is to be closed, time limits tell who may have it.
void Store::SetClassesOf(const Queue& queue) {
  WaitingOrder order = WaitingOrderOf(queue);
  if (!calendar_.empty()) order.by_walltime = true;
  waiting_.SetOrder(queue.name, order, state_.jobs);
}

}  // namespace bsub::sched
