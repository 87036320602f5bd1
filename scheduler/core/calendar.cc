#include "scheduler/core/calendar.h"

#include <algorithm>
#include <iterator>

#include "scheduler/core/reservation_name.h"

namespace bsub::sched {
namespace {

TimePoint EndOf(TimePoint from, Duration length) {
  const bool for_ever = length.count() <= 0 || length >= TimePoint::Max() - from;
  return for_ever ? TimePoint::Max() : from + length;
}

bool IsOwn(const Closure& closure, std::string_view reservation) {
  return closure.reservation && closure.name == reservation;
}

}  // namespace

std::string Describe(const Closure& closure) {
  const std::string what = closure.reservation ? "reservation " + std::string(NameForPeople(closure.name))
                                               : "maintenance " + closure.name;
  return what + " from " + FormatUtc(closure.from) + " to " + FormatUtc(closure.to);
}

void Calendar::Add(NodeId node, const Closure& closure) {
  if (closure.to <= now_) return;
  std::vector<Closure>& of_node = closures_[node];
  of_node.insert(std::upper_bound(of_node.begin(), of_node.end(), closure), closure);
  for (const TimePoint change : {closure.from, closure.to}) {
    if (change > now_) ++changes_[change];
  }
}

void Calendar::Forget(const Closure& closure) {
  for (const TimePoint change : {closure.from, closure.to}) {
    const auto it = changes_.find(change);
    if (it != changes_.end() && --it->second == 0) changes_.erase(it);
  }
}

void Calendar::Remove(NodeId node) {
  for (const Closure& closure : Of(node)) Forget(closure);
  closures_.erase(node);
}

void Calendar::Remove(NodeId node, std::string_view reservation) {
  const auto of_node = closures_.find(node);
  if (of_node == closures_.end()) return;
  std::erase_if(of_node->second, [&](const Closure& closure) {
    const bool goes = IsOwn(closure, reservation);
    if (goes) Forget(closure);
    return goes;
  });
  if (of_node->second.empty()) closures_.erase(of_node);
}

bool Calendar::Advance(TimePoint now) {
  now_ = std::max(now_, now);
  if (NextChange() > now_) return false;
  changes_.erase(changes_.begin(), changes_.upper_bound(now_));
  for (auto it = closures_.begin(); it != closures_.end();) {
    std::erase_if(it->second, [now](const Closure& closure) { return closure.to <= now; });
    it = it->second.empty() ? closures_.erase(it) : std::next(it);
  }
  return true;
}

const std::vector<Closure>& Calendar::Of(NodeId node) const {
  static const std::vector<Closure> kNone;
  const auto it = closures_.find(node);
  return it == closures_.end() ? kNone : it->second;
}

bool Calendar::Reserves(NodeId node, std::string_view reservation) const {
  const std::vector<Closure>& closures = Of(node);
  return std::any_of(closures.begin(), closures.end(),
                     [&](const Closure& closure) { return IsOwn(closure, reservation); });
}

const Closure* Calendar::InTheWay(NodeId node, TimePoint from, TimePoint to,
                                  std::string_view reservation) const {
  for (const Closure& closure : Of(node)) {
    if (IsOwn(closure, reservation)) continue;
    if (closure.from < to && from < closure.to) return &closure;
  }
  return nullptr;
}

bool Calendar::IsOpen(NodeId node, TimePoint from, TimePoint to, std::string_view reservation) const {
  if (InTheWay(node, from, to, reservation)) return false;
  if (reservation.empty()) return true;
  const std::vector<Closure>& closures = Of(node);
  return std::any_of(closures.begin(), closures.end(), [&](const Closure& closure) {
    return IsOwn(closure, reservation) && closure.from <= from && to <= closure.to;
  });
}

TimePoint Calendar::EarliestOpen(NodeId node, TimePoint from, Duration length,
                                 std::string_view reservation) const {
  const std::vector<Closure>& closures = Of(node);
  // It can only begin now, when a closure in its way ends, or when its reservation begins.
  std::vector<TimePoint> begins = {from};
  for (const Closure& closure : closures)
    begins.push_back(std::max(from, IsOwn(closure, reservation) ? closure.from : closure.to));
  std::sort(begins.begin(), begins.end());
  for (const TimePoint begin : begins) {
    if (IsOpen(node, begin, EndOf(begin, length), reservation)) return begin;
  }
  return TimePoint::Max();
}

}  // namespace bsub::sched
