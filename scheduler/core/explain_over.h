// What is said of a task that is over, and what to do about it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scheduler/core/dependency_eval.h"
#include "scheduler/core/explainer.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

// As a shell takes it: the brackets of a child's id need quotes.
std::string ShellId(const Job& job, std::uint32_t ordinal);

// The first job that the conditions look at; empty: none, or it is forgotten.
std::string FirstTarget(const State& state, const std::vector<ConditionStatus>& conditions);

Reason OverReason(const State& state, const Job& job, std::uint32_t ordinal);

}  // namespace bsub::sched
