// How the simulator writes tasks and attempts in its traces: by ordinal, not by index.
#pragma once

#include <string>

#include "scheduler/core/refs.h"

namespace bsub::sim {

inline std::string Name(JobId id) { return std::to_string(id.value()); }
inline std::string Name(const sched::TaskRef& ref) {
  return "task " + Name(ref.job) + "." + std::to_string(ref.ordinal);
}
inline std::string Name(const sched::AttemptRef& ref) {
  return "attempt " + Name(ref.task.job) + "." + std::to_string(ref.task.ordinal) + "." +
         std::to_string(ref.number);
}

}  // namespace bsub::sim
