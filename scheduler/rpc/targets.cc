#include "scheduler/rpc/targets.h"

namespace bsub::rpc {

Error NoSuchJob(const JobTarget& target) {
  return NotFound("job " + std::to_string(target.job) +
                  " does not exist; 'bsub-lite jobs --all' lists those that do");
}

Result<std::vector<JobTarget>> ParseTargets(const std::vector<std::string>& texts, std::size_t max_targets) {
  if (texts.size() > max_targets) {
    return InvalidArgument("targets: " + std::to_string(texts.size()) +
                           " jobs in one request, the limit is " + std::to_string(max_targets) +
                           "; use a filter or several requests");
  }
  std::vector<JobTarget> targets;
  targets.reserve(texts.size());
  for (const std::string& text : texts) {
    BSUB_ASSIGN_OR_RETURN(const JobTarget target, ParseJobTarget(text));
    targets.push_back(target);
  }
  return targets;
}

Result<std::optional<std::uint32_t>> FindOrdinal(const JobSpec& spec, const JobTarget& target) {
  if (!target.index) return std::optional<std::uint32_t>();
  const std::string job = "job " + std::to_string(target.job);
  if (!spec.array) return InvalidArgument(job + " is no array; name it without an index");
  const auto ordinal = spec.array->OrdinalOf(*target.index);
  if (!ordinal) {
    return NotFound(job + " has no child " + std::to_string(*target.index) + "; its indexes are " +
                    spec.array->ToString());
  }
  return ordinal;
}

Result<FoundTarget> FindTarget(const sched::State& state, const JobTarget& target) {
  const sched::Job* job = state.FindJob(JobId(target.job));
  if (!job) return NoSuchJob(target);
  BSUB_ASSIGN_OR_RETURN(const auto ordinal, FindOrdinal(job->spec, target));
  return FoundTarget{job, ordinal};
}

}  // namespace bsub::rpc
