// Checks of single fields that job specs, job definitions and what people write beside them (reasons,
// descriptions) share. Each message opens with the field's name.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/time.h"
#include "jobs/resources.h"

namespace bsub {

inline constexpr std::int32_t kLargestPriority = 1'000'000;  // and its negative

Error NumberOutOfRange(std::string_view field, std::int64_t value, std::int64_t min, std::int64_t max);
Status CheckSomeText(std::string_view field, std::string_view value, std::size_t max_bytes);

// A job has thirty fields, nearly all of them good or empty: those cost a comparison.
inline Status CheckNumber(std::string_view field, std::int64_t value, std::int64_t min, std::int64_t max) {
  if (value >= min && value <= max) return OkStatus();
  return NumberOutOfRange(field, value, min, max);
}
// No control character, at most `max_bytes`.
inline Status CheckText(std::string_view field, std::string_view value, std::size_t max_bytes) {
  return value.empty() ? OkStatus() : CheckSomeText(field, value, max_bytes);
}
// Letters, digits and `_-.`; 1 to 128 of them. AWS Batch's rule for names of queues and definitions, and the
// dot.
Status CheckIdentifier(std::string_view field, std::string_view value, std::size_t max_bytes = 128);
Status CheckAbsolutePath(std::string_view field, std::string_view path, std::size_t max_bytes);
Status CheckResources(const Resources& request);
Status CheckWalltime(Duration walltime);
Status CheckTags(const std::map<std::string, std::string>& tags, std::size_t max_tags);

}  // namespace bsub
