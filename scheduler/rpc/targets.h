// "12", "12[17]": what clients name, found in the core.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "jobs/array_spec.h"
#include "scheduler/core/refs.h"
#include "scheduler/core/state.h"

namespace bsub::rpc {

struct FoundTarget {
  const sched::Job* job = nullptr;
  std::optional<std::uint32_t> ordinal;  // of one child; nothing: the job as a whole
};

Result<std::vector<JobTarget>> ParseTargets(const std::vector<std::string>& texts, std::size_t max_targets);

// NotFound names the id; a job that is no array, or a child it does not have, is InvalidArgument.
Result<FoundTarget> FindTarget(const sched::State& state, const JobTarget& target);
// The same judgement for the spec of a job that may only be in the history.
Result<std::optional<std::uint32_t>> FindOrdinal(const JobSpec& spec, const JobTarget& target);
Error NoSuchJob(const JobTarget& target);

}  // namespace bsub::rpc
