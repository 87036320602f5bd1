// Why the nodes that there are keep a task waiting: too few are able to, have room, take work, are left by
// those who are before it, or stand as it asks.
#pragma once

#include <cstdint>
#include <optional>

#include "scheduler/core/explain.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

// None: it has its nodes. `blocked`: something else is in its way, so that only what can never be counts.
// There are nodes.
std::optional<Reason> ReasonOfNodes(const Store& store, const Job& job, std::uint32_t ordinal, TimePoint now,
                                    bool blocked);

}  // namespace bsub::sched
