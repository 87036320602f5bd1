// How a queue orders what waits in it, and what may start before those that are first and do not fit.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/result.h"

namespace bsub::sched {

// In which order jobs of one priority are served. What was retried goes first in every order, and equals go
// by submission.
enum class QueueOrder : std::uint8_t {
  kSubmission,
  kShortest,  // by time limit, then by CPUs; jobs without a limit last. It starves long jobs.
  kSmallest,  // by time limit times CPUs. It starves large jobs.
  kWfp3,      // by CPUs times (waited / time limit)³, the greatest first (Tang et al., ICPP 2009): it ages
};
std::string_view ToString(QueueOrder order);  // "submission"
Result<QueueOrder> ParseQueueOrder(std::string_view text);

// What may start while jobs that are before it wait for room.
enum class Backfill : std::uint8_t {
  kSpare,         // whatever takes nothing of the nodes that are kept for the first
  kNone,          // nothing
  kEasy,          // also what is off those nodes in time, or needs only what the first will leave of them
  kShortest,      // the same, tried in the order of time limits
  kConservative,  // what puts none of those off that are before it (conservative_pass.h)
};
std::string_view ToString(Backfill backfill);  // "easy"
Result<Backfill> ParseBackfill(std::string_view text);

// Time limits tell apart what may start now.
inline bool GoesByWalltime(QueueOrder order, Backfill backfill) {
  return order != QueueOrder::kSubmission || (backfill != Backfill::kSpare && backfill != Backfill::kNone);
}

}  // namespace bsub::sched
