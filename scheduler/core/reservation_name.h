// What an advance reservation is called in the state and in the journal: its name and the number that the
// next job had when it was made, "course#17". So a job of one that is gone is of no later one of its name.
// (One that a program of before made has its name alone.)
#pragma once

#include <string>
#include <string_view>

#include "scheduler/core/state.h"

namespace bsub::sched {

std::string NameInState(const State& state, std::string_view name);
// "course": as people know it.
std::string_view NameForPeople(std::string_view in_state);
// The one that people call so; null: there is none.
const AdvanceReservation* FindReservation(const State& state, std::string_view name);

}  // namespace bsub::sched
