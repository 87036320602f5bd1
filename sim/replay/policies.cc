#include "sim/replay/policies.h"

#include <string>

#include "jobs/nearest.h"
#include "jobs/text.h"

namespace bsub::sim {

using sched::Backfill;
using sched::QueueOrder;

const std::vector<ReplayPolicy>& ReplayPolicies() {
  static const std::vector<ReplayPolicy> policies = {
      {.name = "fcfs", .summary = "first come, first served; nothing passes the first"},
      {.name = "easy", .backfill = Backfill::kEasy, .summary = "the same with EASY backfill"},
      {.name = "sjbf", .backfill = Backfill::kShortest, .summary = "EASY, the shortest tried first"},
      {.name = "easy-perfect",
       .backfill = Backfill::kEasy,
       .perfect = true,
       .summary = "EASY that knows the run times"},
      {.name = "sjbf-perfect",
       .backfill = Backfill::kShortest,
       .perfect = true,
       .summary = "sjbf that knows the run times"},
      {.name = "cons",
       .backfill = Backfill::kConservative,
       .event_only = true,
       .summary = "conservative backfill: nobody puts off who was before"},
      {.name = "default",
       .order = QueueOrder::kBalanced,
       .backfill = Backfill::kShortest,
       .overdue_after = sched::Queue{}.overdue_after,
       .summary = "that of this program: balanced, easy-shortest (docs/policies.md)"},
      {.name = "sjfeasy",
       .order = QueueOrder::kShortest,
       .backfill = Backfill::kEasy,
       .summary = "EASY over the shortest first; long jobs starve"},
      {.name = "safeasy",
       .order = QueueOrder::kSmallest,
       .backfill = Backfill::kEasy,
       .summary = "EASY over the smallest area first; large jobs starve"},
      {.name = "wfpeasy",
       .order = QueueOrder::kWfp3,
       .backfill = Backfill::kEasy,
       .summary = "EASY over WFP3, a priority that ages"}};
  return policies;
}

Result<ReplayPolicy> FindReplayPolicy(std::string_view name) {
  std::vector<std::string> names;
  std::string list;
  for (const ReplayPolicy& policy : ReplayPolicies()) {
    if (policy.name == name) return policy;
    names.emplace_back(policy.name);
    list += (list.empty() ? "" : ", ") + std::string(policy.name);
  }
  return InvalidArgument("--policy " + Quoted(name) + ": expected one of " + list +
                         DidYouMean(std::string(name), names));
}

}  // namespace bsub::sim
