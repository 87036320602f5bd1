// A job queue: where jobs wait, in which order and under which limits. Zero means no limit.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "common/time.h"
#include "scheduler/core/fair_share.h"
#include "scheduler/core/queue_policy.h"

namespace bsub::sched {

struct Queue {
  std::string name{};
  std::int32_t priority = 0;     // queues with a higher one are served first
  bool accepts = true;           // AWS Batch's ENABLED: new jobs may be submitted
  bool dispatches = true;        // waiting jobs may start; LSF's active
  std::int64_t max_running = 0;  // tasks at a time
  std::int64_t max_running_per_user = 0;
  std::int64_t max_waiting = 0;  // tasks; a submit beyond it is refused
  std::int64_t max_waiting_per_user = 0;
  std::string description{};
  QueueOrder order = QueueOrder::kPriority;
  Backfill backfill = Backfill::kSpare;
  FairShare fair_share{};
  PriorityWeights weights{};
  // For order kBalanced: 8 hours is what did best on the first halves of the logs in docs/policies.md.
  Duration favour_short = std::chrono::hours(8);
  // Whoever has waited longer goes first in every order, so that nobody waits for ever; zero: never.
  Duration overdue_after = std::chrono::hours(24 * 7);
  // CPUs of what runs, in whole ones, and tasks of one share (fair_share.h), in any order.
  std::int64_t max_cpus = 0;
  std::int64_t max_cpus_per_user = 0;
  std::int64_t max_cpus_per_share = 0;
  std::int64_t max_running_per_share = 0;
  std::int64_t max_waiting_per_share = 0;
  // Queues of lower priority whose jobs make room for this one's (preemption.h); ascending.
  std::vector<std::string> preempts{};
  friend auto operator<=>(const Queue&, const Queue&) = default;
};

// Whether the queue limits by CPUs or by shares.
inline bool HasFineLimits(const Queue& queue) {
  return queue.max_cpus > 0 || queue.max_cpus_per_user > 0 || queue.max_cpus_per_share > 0 ||
         queue.max_running_per_share > 0 || queue.max_waiting_per_share > 0;
}

// Whether what runs and waits in the queue is counted by CPUs and by shares too.
inline bool CountsFinely(const Queue& queue) {
  return HasFineLimits(queue) || queue.fair_share.compute_reservation > 0;
}

}  // namespace bsub::sched
