// Amounts as people write them: sizes, durations, CPUs, begin times.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/time.h"

namespace bsub {

// "4G", "512M", "1.5GiB", "4096" (bytes by default; `bare_unit` otherwise). K, M, G, T are powers of 1024.
Result<std::int64_t> ParseBytes(std::string_view text, std::int64_t bare_unit = 1);
// "1h", "90s", "1h30m", "2d", "1:30:00" (h:m:s), "90" (seconds by default; `bare_unit` otherwise).
Result<Duration> ParseDuration(std::string_view text, Duration bare_unit = std::chrono::seconds(1));
// "2", "0.5", "1.25", "500m" (thousandths) -> thousandths, at least 1.
Result<std::int64_t> ParseCpus(std::string_view text);
// "2026-11-21T10:00:00Z", "2026-11-21 10:00" (UTC), "+15m", "now+2h", relative to `now`.
Result<TimePoint> ParseBeginTime(std::string_view text, TimePoint now);
Result<std::int64_t> ParseInteger(std::string_view text, std::int64_t min, std::int64_t max);

std::string FormatBytes(std::int64_t bytes);     // "4.0 GiB"
std::string FormatCpus(std::int64_t cpu_milli);  // "2", "0.5"

}  // namespace bsub
