#include "tests/support/state_copy.h"

#include "scheduler/core/copy_state.h"

namespace bsub::testing {

sched::State CopyDurable(const sched::State& from) {
  sched::State to = sched::CopyState(from);
  // As loaded jobs have them: each its own.
  for (auto& [id, job] : to.jobs) job.spec.settings = std::make_shared<JobSettings>(*job.spec.settings);
  return to;
}

}  // namespace bsub::testing
