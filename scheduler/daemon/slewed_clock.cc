#include "scheduler/daemon/slewed_clock.h"

#include <algorithm>
#include <chrono>

namespace bsub::daemon {
namespace {

constexpr std::int64_t kSlewDivisor = 10;
constexpr Duration kWorthSaying = std::chrono::minutes(1);

}  // namespace

TimePoint WallNow() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return TimePoint(std::chrono::duration_cast<Duration>(now).count());
}

Duration SteadyNow() {
  return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
}

TimePoint Slew::At(TimePoint wall, Duration steady) {
  const Duration elapsed = std::max(steady - steady_, Duration(0));
  steady_ = std::max(steady, steady_);
  const Duration most = elapsed / kSlewDivisor;
  const Duration error = wall - (now_ + elapsed);
  now_ = now_ + elapsed + std::clamp(error, Duration(-most), most);
  return now_;
}

SlewedClock::SlewedClock(TimePoint not_before) : slew_(std::max(WallNow(), not_before), SteadyNow()) {}

TimePoint SlewedClock::Now() {
  const std::lock_guard lock(mutex_);
  return slew_.At(WallNow(), SteadyNow());
}

std::string ExplainWallAhead(Duration ahead) {
  if (ahead > -kWorthSaying && ahead < kWorthSaying) return "";
  const bool behind = ahead < Duration(0);
  return "the clock of this machine is " + FormatDuration(behind ? -ahead : ahead) +
         (behind ? " behind" : " ahead of") +
         " the scheduler's time, which never jumps and comes closer by 6 minutes an hour: times that are "
         "shown are off by as much, jobs begin by the clock; check the clock (timedatectl)";
}

}  // namespace bsub::daemon
