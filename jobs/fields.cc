#include "jobs/fields.h"

#include <algorithm>

#include "jobs/text.h"

namespace bsub {
namespace {

// Upper bounds that keep sums over a whole cluster far from overflow: a million cores, 1 EiB, a million
// devices.
constexpr std::int64_t kMostCpuMilli = 1'000'000'000;
constexpr std::int64_t kMostMemBytes = std::int64_t{1} << 60;
constexpr std::int64_t kMostGpus = 1'000'000;

// AWS Batch's limits for tags.
constexpr std::size_t kLongestTagKey = 128;
constexpr std::size_t kLongestTagValue = 256;

std::string Field(std::string_view field, std::string_view value) {
  return std::string(field) + " " + Quoted(value) + ": ";
}

}  // namespace

Error NumberOutOfRange(std::string_view field, std::int64_t value, std::int64_t min, std::int64_t max) {
  return InvalidArgument(std::string(field) + " " + std::to_string(value) + ": must be from " +
                         std::to_string(min) + " to " + std::to_string(max));
}

Status CheckSomeText(std::string_view field, std::string_view value, std::size_t max_bytes) {
  if (value.size() > max_bytes) {
    return InvalidArgument(Field(field, value) + std::to_string(value.size()) + " bytes long; at most " +
                           std::to_string(max_bytes));
  }
  if (std::any_of(value.begin(), value.end(), IsControl)) {
    return InvalidArgument(Field(field, value) +
                           "holds a control character such as a newline or NUL; remove it");
  }
  return OkStatus();
}

Status CheckIdentifier(std::string_view field, std::string_view value, std::size_t max_bytes) {
  if (value.empty()) return InvalidArgument(std::string(field) + ": is empty; a name is needed");
  BSUB_RETURN_IF_ERROR(CheckText(field, value, max_bytes));
  for (const char c : value) {
    if (!IsAlnum(c) && c != '_' && c != '-' && c != '.') {
      return InvalidArgument(Field(field, value) +
                             "only letters, digits, '_', '-' and '.' are allowed, not " + Quoted({&c, 1}));
    }
  }
  return OkStatus();
}

Status CheckAbsolutePath(std::string_view field, std::string_view path, std::size_t max_bytes) {
  BSUB_RETURN_IF_ERROR(CheckText(field, path, max_bytes));
  if (path.starts_with('/')) return OkStatus();
  return InvalidArgument(Field(field, path) + "must be an absolute path, beginning with '/'");
}

Status CheckResources(const Resources& request) {
  BSUB_RETURN_IF_ERROR(CheckNumber("CPUs (thousandths)", request.cpu_milli, 1, kMostCpuMilli));
  BSUB_RETURN_IF_ERROR(CheckNumber("memory (bytes)", request.mem_bytes, 0, kMostMemBytes));
  return CheckNumber("GPUs", request.gpus, 0, kMostGpus);
}

Status CheckWalltime(Duration walltime) {
  constexpr Duration kLongest = std::chrono::hours(24 * 36'500);
  return CheckNumber("wall time (microseconds)", walltime.count(), 0, kLongest.count());
}

Status CheckTags(const std::map<std::string, std::string>& tags, std::size_t max_tags) {
  if (tags.size() > max_tags) {
    return InvalidArgument("tags: " + std::to_string(tags.size()) + " given; at most " +
                           std::to_string(max_tags) + "; leave some out");
  }
  for (const auto& [key, value] : tags) {
    if (key.empty())
      return InvalidArgument("tags: the value " + Quoted(value) + " has no key; write KEY=VALUE");
    BSUB_RETURN_IF_ERROR(CheckText("tag key", key, kLongestTagKey));
    BSUB_RETURN_IF_ERROR(CheckText("tag " + key, value, kLongestTagValue));
    if (key.starts_with("aws:"))
      return InvalidArgument(Field("tag key", key) + "the prefix 'aws:' is reserved");
  }
  return OkStatus();
}

}  // namespace bsub
