// Times as tables show them.
#pragma once

#include <cstdint>
#include <string>

namespace bsub::cli {

// "2026-11-21 10:00:03" in the local time zone, "-" if not set.
std::string LocalTime(std::int64_t at_us);

// "1h 02m 03s", "-" for zero. Microseconds.
std::string Elapsed(std::int64_t us);

// The wall clock, microseconds since the epoch.
std::int64_t NowMicros();

}  // namespace bsub::cli
