// Points in time and durations: int64 microseconds. No clock is read here.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>

namespace bsub {

using Duration = std::chrono::duration<std::int64_t, std::micro>;

// Microseconds since 1970-01-01T00:00:00Z. Zero means "not set".
class TimePoint {
 public:
  constexpr TimePoint() = default;
  constexpr explicit TimePoint(std::int64_t micros) : micros_(micros) {}
  static constexpr TimePoint Max() { return TimePoint(std::numeric_limits<std::int64_t>::max()); }

  constexpr std::int64_t micros() const { return micros_; }
  constexpr bool set() const { return micros_ != 0; }
  friend constexpr auto operator<=>(TimePoint, TimePoint) = default;
  friend constexpr TimePoint operator+(TimePoint t, Duration d) { return TimePoint(t.micros_ + d.count()); }
  friend constexpr TimePoint operator-(TimePoint t, Duration d) { return TimePoint(t.micros_ - d.count()); }
  friend constexpr Duration operator-(TimePoint a, TimePoint b) { return Duration(a.micros_ - b.micros_); }

 private:
  std::int64_t micros_ = 0;
};

// "2026-11-21T02:18:00.123456Z" (RFC 3339, UTC; the fraction is left out when zero). Empty for an unset
// point.
std::string FormatUtc(TimePoint t);

// "1h 02m 03s", "4.5s", "120ms": for people.
std::string FormatDuration(Duration d);

}  // namespace bsub
