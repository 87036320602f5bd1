// When nodes are closed: for maintenance to everybody, by an advance reservation to all who are not of it.
// Planning asks it wherever it asks whether a node has room: whoever would still be there when the node
// closes may not have it.
//
// Scratch: made from the configuration's windows and the durable reservations. It changes decisions, never
// Apply.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/time.h"

namespace bsub::sched {

// A node is closed in [from, to).
struct Closure {
  TimePoint from;
  TimePoint to;
  std::string name;          // of the window, or of the reservation (reservation_name.h)
  bool reservation = false;  // then it is open to those of it
  friend auto operator<=>(const Closure&, const Closure&) = default;
};
// "maintenance weekly from 2026-01-03T22:00:00Z to 2026-01-04T04:00:00Z"
std::string Describe(const Closure& closure);

// From `from` until `to` the nodes must be free of tasks.
struct NodesClosed {
  std::string name;  // of the maintenance
  TimePoint from;
  TimePoint to;
  std::vector<std::string> nodes;  // by name; the store has them in ascending order
  friend bool operator==(const NodesClosed&, const NodesClosed&) = default;
};

class Calendar {
 public:
  bool empty() const { return closures_.empty(); }
  void Add(NodeId node, const Closure& closure);
  // All of the node's, or those for the reservation.
  void Remove(NodeId node);
  void Remove(NodeId node, std::string_view reservation);
  // What is over at `now` no longer counts. Whether anything began or ended since the last time.
  bool Advance(TimePoint now);
  TimePoint now() const { return now_; }

  // Whether somebody of `reservation` (empty: of none) may have the node from `from` until `to`.
  bool IsOpen(NodeId node, TimePoint from, TimePoint to, std::string_view reservation) const;
  // The same from the last Advance on.
  bool IsOpenNow(NodeId node, TimePoint to, std::string_view reservation) const {
    return IsOpen(node, now_, to, reservation);
  }
  // The first closure that is in the way of somebody; null: none is. Who is of a reservation is not in the
  // way of its own, and may not be there outside of it.
  const Closure* InTheWay(NodeId node, TimePoint from, TimePoint to, std::string_view reservation) const;
  // The first moment, not before `from`, from which it is open for so long; zero: for ever. Max: never.
  TimePoint EarliestOpen(NodeId node, TimePoint from, Duration length, std::string_view reservation) const;

  // Ascending by their begin; empty: none.
  const std::vector<Closure>& Of(NodeId node) const;
  bool Reserves(NodeId node, std::string_view reservation) const;
  // When nodes close and open, from the last Advance on, and how often.
  const std::map<TimePoint, std::uint32_t>& changes() const { return changes_; }
  TimePoint NextChange() const { return changes_.empty() ? TimePoint::Max() : changes_.begin()->first; }
  friend bool operator==(const Calendar&, const Calendar&) = default;

 private:
  void Forget(const Closure& closure);

  std::map<NodeId, std::vector<Closure>> closures_;
  std::map<TimePoint, std::uint32_t> changes_;  // behind now_
  TimePoint now_;
};

}  // namespace bsub::sched
