// Whether a job may be submitted: judged as a whole, nothing is changed.
#pragma once

#include "common/result.h"
#include "jobs/job_spec.h"
#include "jobs/principal.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

// Makes of a job what would be submitted by `who`: with its owner and queue, and ids where its dependency
// names jobs.
Status CheckSubmit(const Settings& settings, const Store& store, const Principal& who, JobSpec& spec);

}  // namespace bsub::sched
