// Nodes that are set aside for some users for a while. Jobs that name the reservation have them then; nobody
// else's job may still be there when it begins (calendar.h). It ends by itself.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/time.h"

namespace bsub::sched {

struct AdvanceReservation {
  std::string name{};
  TimePoint from{};
  TimePoint to{};
  std::vector<NodeId> nodes{};       // ascending
  std::vector<std::string> users{};  // by name, ascending: whose jobs may use it
  std::string by{};                  // who made it
  friend auto operator<=>(const AdvanceReservation&, const AdvanceReservation&) = default;
};

}  // namespace bsub::sched
