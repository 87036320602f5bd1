// Which attempt of which task: what every message about a task carries. Mirrors the scheduler's AttemptRef.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "common/ids.h"

namespace bsub::worker {

struct AttemptKey {
  JobId job;
  std::uint32_t ordinal = 0;  // position of the child in its array; 0 for a plain job
  std::uint32_t number = 0;   // attempts of a task count from 1
  friend auto operator<=>(const AttemptKey&, const AttemptKey&) = default;
};

// "12.0.1": job, ordinal, number.
inline std::string ToString(const AttemptKey& key) {
  return std::to_string(key.job.value()) + "." + std::to_string(key.ordinal) + "." +
         std::to_string(key.number);
}

}  // namespace bsub::worker
