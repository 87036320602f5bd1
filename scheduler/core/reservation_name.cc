#include "scheduler/core/reservation_name.h"

namespace bsub::sched {
namespace {

constexpr char kBehindName = '#';  // no name has it, and it sorts before all that a name may have

}  // namespace

std::string NameInState(const State& state, std::string_view name) {
  return std::string(name) + kBehindName + std::to_string(state.next_job_id);
}

std::string_view NameForPeople(std::string_view in_state) {
  return in_state.substr(0, in_state.find(kBehindName));
}

const AdvanceReservation* FindReservation(const State& state, std::string_view name) {
  const auto it = state.reservations.lower_bound(std::string(name));
  const bool found = it != state.reservations.end() && NameForPeople(it->first) == name;
  return found ? &it->second : nullptr;
}

}  // namespace bsub::sched
