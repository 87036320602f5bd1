#include "tests/support/state_copy.h"

#include "scheduler/core/copy_state.h"

namespace bsub::testing {
namespace {

void ForgetScratch(sched::Task& task) {
  if (task.attempt) task.attempt->last_save = {};
}

}  // namespace

sched::State CopyDurable(const sched::State& from) {
  sched::State to = sched::CopyState(from);
  // As loaded jobs have them: each its own.
  for (auto& [id, job] : to.jobs) {
    job.spec.settings = std::make_shared<JobSettings>(*job.spec.settings);
    ForgetScratch(job.task);
    if (!job.array) continue;
    for (auto& [ordinal, row] : job.array->rows) ForgetScratch(row);
  }
  return to;
}

}  // namespace bsub::testing
