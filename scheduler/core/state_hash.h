// The hash of durable state: a sum (mod 2^64) of one term per thing, so that a change costs the terms it
// touches. Order does not matter, and equal states have equal sums however they were reached.
#pragma once

#include <cstdint>

#include "scheduler/core/state.h"

namespace bsub::sched {

std::uint64_t HashOfSpec(const Job& job);      // what never changes after submit
std::uint64_t HashOfProgress(const Job& job);  // the job's own changing fields, without children
std::uint64_t HashOfChild(const Job& job, std::uint32_t ordinal);  // 0 for a child that is only a waiting bit
std::uint64_t HashOf(const Queue& queue);
std::uint64_t HashOf(const JobDefinition& definition);
std::uint64_t HashOf(const AdvanceReservation& reservation);
std::uint64_t HashOf(const Node& node);
std::uint64_t HashOf(const ShareUses::value_type& share);
std::uint64_t HashOfCounters(const State& state);

std::uint64_t HashOfChildren(const Job& job);  // the sum of theirs; 0 of a plain job

// All of it, from scratch. Cost: the whole state.
std::uint64_t HashOf(const State& state);

}  // namespace bsub::sched
