#include "jobs/job_spec.h"

#include <algorithm>
#include <limits>

#include "jobs/definition.h"
#include "jobs/fields.h"
#include "jobs/text.h"

namespace bsub {
namespace {

constexpr std::size_t kLongestLabel = 255;  // project, share identifier, names of hosts and users

// What setrlimit(2) knows, by the names of limits.conf.
constexpr std::array<std::string_view, 16> kLimitNames = {
    "as",   "core",   "cpu",   "data", "fsize",  "locks",  "memlock",    "msgqueue",
    "nice", "nofile", "nproc", "rss",  "rtprio", "rttime", "sigpending", "stack"};

// A name can be written in a dependency expression, so it holds none of the characters that mean something
// there.
Status CheckName(std::string_view name, std::size_t max_bytes) {
  BSUB_RETURN_IF_ERROR(CheckText("job name", name, max_bytes));
  const std::size_t bad = name.find_first_of("\"[]*");
  if (bad != std::string_view::npos) {
    return InvalidArgument("job name " + Quoted(name) + ": the character " + Quoted(name.substr(bad, 1)) +
                           " is not allowed; '\"', '[', ']' and '*' have a meaning in dependencies");
  }
  if (name != Trim(name))
    return InvalidArgument("job name " + Quoted(name) + ": begins or ends with a blank");
  return OkStatus();
}

Status CheckProcessLimits(const std::vector<ProcessLimit>& limits) {
  for (const ProcessLimit& limit : limits) {
    if (std::find(kLimitNames.begin(), kLimitNames.end(), limit.name) == kLimitNames.end()) {
      return InvalidArgument("process limit " + Quoted(limit.name) +
                             ": unknown; use a name such as nofile or stack");
    }
    const bool in_range = limit.soft >= -1 && limit.hard >= -1;
    const bool soft_fits = limit.hard == -1 || (limit.soft != -1 && limit.soft <= limit.hard);
    if (!in_range || !soft_fits) {
      return InvalidArgument("process limit " + limit.name + ": soft " + std::to_string(limit.soft) +
                             ", hard " + std::to_string(limit.hard) +
                             "; expected soft <= hard, or -1 for unlimited");
    }
  }
  return OkStatus();
}

Status CheckPlaces(const JobSettings& settings, const SpecLimits& limits) {
  BSUB_RETURN_IF_ERROR(
      CheckAbsolutePath("working directory", settings.working_directory, limits.max_path_bytes));
  BSUB_RETURN_IF_ERROR(CheckText("output path", settings.stdout_path, limits.max_path_bytes));
  BSUB_RETURN_IF_ERROR(CheckText("error path", settings.stderr_path, limits.max_path_bytes));
  BSUB_RETURN_IF_ERROR(CheckText("submit host", settings.submit_host, kLongestLabel));
  BSUB_RETURN_IF_ERROR(CheckText("owner", settings.owner.name, kLongestLabel));
  return CheckNumber("umask", settings.umask, 0, 0777);
}

Status CheckScheduling(const JobSettings& settings) {
  BSUB_RETURN_IF_ERROR(CheckIdentifier("queue", settings.queue));
  BSUB_RETURN_IF_ERROR(CheckNumber("priority", settings.priority, -kLargestPriority, kLargestPriority));
  BSUB_RETURN_IF_ERROR(CheckText("project", settings.project, kLongestLabel));
  if (settings.reservation.size() > kLongestLabel)
    return InvalidArgument("reservation: its name has " + std::to_string(settings.reservation.size()) +
                           " characters; at most " + std::to_string(kLongestLabel));
  if (!settings.share_identifier.empty()) {
    BSUB_RETURN_IF_ERROR(CheckIdentifier("share identifier", settings.share_identifier, kLongestLabel));
  }
  BSUB_RETURN_IF_ERROR(CheckResources(settings.request));
  BSUB_RETURN_IF_ERROR(CheckWalltime(settings.walltime));
  constexpr Duration kLongestGrace = std::chrono::hours(24);
  BSUB_RETURN_IF_ERROR(
      CheckNumber("stop grace (microseconds)", settings.stop_grace.count(), 0, kLongestGrace.count()));
  BSUB_RETURN_IF_ERROR(Validate(settings.retry));
  constexpr auto kMostInterruptions = std::numeric_limits<std::int32_t>::max();
  return CheckNumber("maximum interruptions", settings.max_interruptions, -1, kMostInterruptions);
}

Status CheckSettings(const JobSettings& settings, const SpecLimits& limits) {
  BSUB_RETURN_IF_ERROR(CheckPlaces(settings, limits));
  BSUB_RETURN_IF_ERROR(CheckProcessLimits(settings.limits));
  BSUB_RETURN_IF_ERROR(CheckScheduling(settings));
  if (!settings.definition.empty()) {
    BSUB_ASSIGN_OR_RETURN(const DefinitionRef ref, ParseDefinitionRef(settings.definition));
    if (!ref.revision)
      return InvalidArgument("job definition " + Quoted(settings.definition) + ": lacks its revision");
  }
  BSUB_RETURN_IF_ERROR(CheckTags(settings.tags, limits.max_tags));
  BSUB_RETURN_IF_ERROR(Validate(settings.gang, limits.max_nodes));
  BSUB_RETURN_IF_ERROR(Validate(settings.checkpoint, limits.max_path_bytes));
  return Validate(settings.node_ranges, settings.gang);
}

Status CheckArray(const ArraySpec& array, const ArrayLimits& limits) {
  if (array.size() == 0) return InvalidArgument("array: has no children; at least 1 is needed");
  BSUB_RETURN_IF_ERROR(CheckNumber("array: number of children", array.size(), 1, limits.max_children));
  return CheckNumber("array: index", array.ranges().back().last, 0, limits.max_index);
}

// Conditions that pair children need children on this side too.
Status CheckPairing(const Dependency& dependency) {
  for (const DependencyNode& node : dependency.nodes) {
    if (node.kind != DependencyNode::Kind::kCondition) continue;
    if (!node.index_wise && node.condition != Condition::kSequential) continue;
    return InvalidArgument("dependency " + ToString(node) +
                           ": pairs children, but this job is no array; submit it "
                           "with --array or name a whole job");
  }
  return OkStatus();
}

Status CheckOwn(const JobSpec& spec, const SpecLimits& limits) {
  if (spec.array) BSUB_RETURN_IF_ERROR(CheckArray(*spec.array, limits.array));
  BSUB_RETURN_IF_ERROR(Validate(spec.dependency, limits.dependency));
  if (!spec.array) BSUB_RETURN_IF_ERROR(CheckPairing(spec.dependency));
  return CheckNumber("begin time (microseconds since 1970)", spec.begin_at.micros(), 0,
                     TimePoint::Max().micros());
}

}  // namespace

Status Validate(const JobSpec& spec, const SpecLimits& limits) {
  BSUB_RETURN_IF_ERROR(CheckName(spec.name, limits.max_name_bytes));
  if (spec.settings == nullptr) return InvalidArgument("settings: missing");
  BSUB_RETURN_IF_ERROR(CheckSettings(*spec.settings, limits));
  return CheckOwn(spec, limits);
}

Status ValidateAllButSettings(const JobSpec& spec, const SpecLimits& limits) {
  BSUB_RETURN_IF_ERROR(CheckName(spec.name, limits.max_name_bytes));
  return CheckOwn(spec, limits);
}

}  // namespace bsub
