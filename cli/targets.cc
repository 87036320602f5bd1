#include "cli/targets.h"

#include "jobs/array_spec.h"

namespace bsub::cli {

Result<std::vector<std::string>> ParseTargets(const std::vector<std::string>& words) {
  std::vector<std::string> targets;
  for (const std::string& word : words) {
    BSUB_ASSIGN_OR_RETURN(const JobTarget target, ParseJobTarget(word));
    targets.push_back(ToString(target));
  }
  return targets;
}

}  // namespace bsub::cli
