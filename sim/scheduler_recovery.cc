// How the scheduler's process comes back: from nothing or from a snapshot, replaying the journal, and each
// hash that was seen live must be seen again.
#include <algorithm>
#include <utility>

#include "sim/clone_state.h"
#include "sim/scheduler_host.h"

namespace bsub::sim {

std::unique_ptr<sched::Scheduler> SchedulerHost::Recover() {
  std::uint64_t applied = 0;
  std::unique_ptr<sched::Scheduler> scheduler = FromSnapshot(applied);
  std::uint64_t last = journal_.last();
  if (model_.Mutated(Mutation::kRecoveryLosesEntry) && last > applied) --last;
  for (std::uint64_t i = applied; i < last; ++i) {
    const Status ok = scheduler->Apply(journal_.entries()[i]);
    if (!ok) throw Violation{"replay: entry " + std::to_string(i + 1) + ": " + ok.error().message};
    const std::uint64_t* hash = journal_.HashAfter(i + 1);
    if (hash && *hash != scheduler->state_hash())
      throw Violation{"replay differs from live after entry " + std::to_string(i + 1)};
  }
  if (scheduler->RecomputeStateHash() != scheduler->state_hash())
    throw Violation{"after replay the kept hash differs from the state's"};
  return scheduler;
}

std::unique_ptr<sched::Scheduler> SchedulerHost::FromSnapshot(std::uint64_t& applied) {
  if (!snapshot_ || model_.random.Chance(200)) return std::make_unique<sched::Scheduler>(settings_);
  ++model_.tally.snapshots;
  applied = snapshot_at_;
  auto scheduler = sched::RestoreWhole(settings_, CloneState(*snapshot_));
  const std::uint64_t* hash = journal_.HashAfter(applied);
  if (hash && *hash != scheduler->state_hash())
    throw Violation{"the snapshot at entry " + std::to_string(applied) +
                    " has another hash than the live state had"};
  return scheduler;
}

// Only of what is durable, as the daemon's helper does from closed segments.
void SchedulerHost::MaybeSnapshot() {
  if (journal_.durable() != journal_.last() || !model_.random.Chance(20)) return;
  snapshot_ = CloneState(scheduler_->state());
  snapshot_at_ = journal_.last();
}

}  // namespace bsub::sim
