// Times as tables show them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bsub::cli {

// "2026-11-21 10:00:03" in the local time zone, "-" if not set.
std::string LocalTime(std::int64_t at_us);

// The same with milliseconds, for what takes less than a second: "2026-11-22 12:00:00.250".
std::string LocalTimeMs(std::int64_t at_us);
// What the scheduler says, in which moments stand as 2026-11-22T12:00:00.25Z, with them as LocalTime has
// them.
std::string WithLocalTimes(std::string_view text);

// "1h 02m 03s", "-" for zero. Microseconds.
std::string Elapsed(std::int64_t us);

// The wall clock, microseconds since the epoch.
std::int64_t NowMicros();

}  // namespace bsub::cli
