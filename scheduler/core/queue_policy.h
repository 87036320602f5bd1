// How a queue orders what waits in it, and what may start before those that are first and do not fit.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

#include "common/result.h"
#include "common/time.h"

namespace bsub::sched {

// In which order jobs of one priority are served. What was retried goes first in every order, and equals go
// by submission.
enum class QueueOrder : std::uint8_t {
  kPriority,  // by nothing else: as they came
  kShortest,  // by time limit, then by CPUs; jobs without a limit last. It starves long jobs.
  kSmallest,  // by time limit times CPUs. It starves large jobs.
  kWfp3,      // by CPUs times (waited / time limit)³, the greatest first (Tang et al., ICPP 2009): it ages
  // As they came, but a short one goes before those that came a while before it: by the time of submission
  // plus Queue::favour_short times the logarithm of the time limit. Nobody is overtaken by what comes later
  // than that.
  kBalanced,
  // By the use of their shares (fair_share.h), the least first; only then by priority.
  kFairShare,
  // By a weighted sum of how long they have waited, up to a bound, of the use of their shares and of
  // priority.
  kMultifactor,
};
std::string_view ToString(QueueOrder order);  // "priority"
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
  return order == QueueOrder::kShortest || order == QueueOrder::kSmallest || order == QueueOrder::kWfp3 ||
         order == QueueOrder::kBalanced || (backfill != Backfill::kSpare && backfill != Backfill::kNone);
}

// Whether the use of shares counts.
inline bool GoesByShares(QueueOrder order) {
  return order == QueueOrder::kFairShare || order == QueueOrder::kMultifactor;
}

// What a multifactor priority is made of: each factor is 0 to 1, times its weight.
struct PriorityWeights {
  std::int32_t age = 1000;         // waited / max_age, at most 1
  std::int32_t fair_share = 1000;  // of a share: 2^(-use / what it is entitled to)
  std::int32_t priority = 1000;    // of the job, from -100 to 100
  std::int32_t size = 0;           // CPUs of all there are
  Duration max_age = std::chrono::hours(24 * 7);
  friend auto operator<=>(const PriorityWeights&, const PriorityWeights&) = default;
};
Status Validate(const PriorityWeights& weights);

}  // namespace bsub::sched
