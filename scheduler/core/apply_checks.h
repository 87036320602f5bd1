// Does an entry follow from the state? A journal that says otherwise is damaged, or was written by a bug.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "scheduler/core/state.h"

namespace bsub::sched {

inline Status Expect(bool ok, std::string_view what, std::uint64_t got) {
  if (ok) return OkStatus();
  return DataLoss("a journal entry does not follow from the state: expected " + std::string(what) + ", got " +
                  std::to_string(got));
}

Status ExpectAttempt(const Job* job, const AttemptRef& ref);

// Ascending, disjoint, in bounds, and `event` is allowed for each.
Status ExpectTasks(const Job& job, const std::vector<OrdinalRange>& ranges, TaskEvent event);

}  // namespace bsub::sched
