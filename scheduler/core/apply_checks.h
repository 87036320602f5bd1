// Does an entry follow from the state? A journal that says otherwise is damaged, or was written by a bug.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/core/state.h"

namespace bsub::sched {

Error DoesNotFollow(std::string_view expected, std::uint64_t got);

// Each entry is asked a handful of these: what is as expected costs a branch.
inline Status Expect(bool ok, std::string_view what, std::uint64_t got) {
  if (ok) return OkStatus();
  return DoesNotFollow(what, got);
}

Status ExpectAttempt(const Job* job, const AttemptRef& ref);

// Ascending, disjoint, in bounds, and `event` is allowed for each.
Status ExpectTasks(const Job& job, const std::vector<OrdinalRange>& ranges, TaskEvent event);

}  // namespace bsub::sched
