// What would become of a job if it were submitted now, without submitting it (`submit --test-only`): checked,
// explained and played forward by the same code as a job that is there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/result.h"
#include "jobs/job_spec.h"
#include "jobs/principal.h"
#include "scheduler/core/explain.h"
#include "scheduler/core/forecast.h"
#include "scheduler/core/placement_record.h"
#include "scheduler/core/settings.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

struct Trial {
  std::string queue;
  bool default_queue = false;
  std::vector<Reason> reasons;  // as `why` would say; of an array's first child, as all that follows
  Forecast forecast;
  // Where it would run, of one that would start at once: the main node first. Empty: it would wait.
  std::vector<std::string> nodes;
  std::shared_ptr<const PlacementRecord> placement;  // of these, if that is known

  bool never() const;  // it could never run on this cluster
};

// Errors: those of a submit.
Result<Trial> TrySubmit(const Settings& settings, const Store& store, const Principal& who, JobSpec spec,
                        TimePoint now, std::uint32_t max_steps);

}  // namespace bsub::sched
