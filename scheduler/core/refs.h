// Names of things inside the core.
//
// A *task* is what runs: a plain job, or one child of an array job. A plain job is its own only task, ordinal
// 0. For an array the ordinal is the child's position 0..size-1 in ascending order of index
// (jobs/array_spec.h).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "common/ids.h"

namespace bsub::sched {

struct TaskRef {
  JobId job;
  std::uint32_t ordinal = 0;
  friend auto operator<=>(const TaskRef&, const TaskRef&) = default;
};

// `number` counts the attempts of a task from 1 and is never used twice for it, not even after a requeue.
struct AttemptRef {
  TaskRef task;
  std::uint32_t number = 0;
  friend auto operator<=>(const AttemptRef&, const AttemptRef&) = default;
};

// A whole job, or one child of an array.
struct TaskSelector {
  JobId job;
  std::optional<std::uint32_t> ordinal;
  friend auto operator<=>(const TaskSelector&, const TaskSelector&) = default;
};

// Ordinals first..last, both included.
struct OrdinalRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  friend auto operator<=>(const OrdinalRange&, const OrdinalRange&) = default;
};

}  // namespace bsub::sched
