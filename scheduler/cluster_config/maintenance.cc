#include "scheduler/cluster_config/maintenance.h"

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include <algorithm>

#include "jobs/text.h"

namespace bsub::cluster_config {
namespace {

absl::CivilMinute ToAbsl(const CivilMinute& t) {
  return absl::CivilMinute(t.year, t.month, t.day, t.hour, t.minute);
}

// The i-th time; nothing if its month has no such day.
std::optional<absl::CivilMinute> Occurrence(const Maintenance& maintenance, std::int64_t i) {
  const CivilMinute& start = maintenance.start;
  switch (maintenance.repeat) {
    case Repeat::kOnce:
      return ToAbsl(start);
    case Repeat::kDaily:
      return absl::CivilMinute(start.year, start.month, start.day + i, start.hour, start.minute);
    case Repeat::kWeekly:
      return absl::CivilMinute(start.year, start.month, start.day + 7 * i, start.hour, start.minute);
    case Repeat::kMonthly:
      break;
  }
  const absl::CivilMinute at(start.year, start.month + i, start.day, start.hour, start.minute);
  if (at.day() != start.day) return std::nullopt;
  return at;
}

// Not later than the first that can matter.
std::int64_t FirstIndex(const Maintenance& maintenance, absl::CivilMinute from) {
  const std::int64_t days = absl::CivilDay(from) - absl::CivilDay(ToAbsl(maintenance.start));
  switch (maintenance.repeat) {
    case Repeat::kOnce:
      return 0;
    case Repeat::kDaily:
      return std::max<std::int64_t>(0, days - 1);
    case Repeat::kWeekly:
      return std::max<std::int64_t>(0, days / 7 - 1);
    case Repeat::kMonthly:
      return std::max<std::int64_t>(0, days / 31 - 1);
  }
  return 0;
}

}  // namespace

bool IsTimeZone(const std::string& name) {
  absl::TimeZone zone;
  // The library also reads files by their path.
  if (name.empty() || name.front() == '/' || name.front() == ':' || name.find("..") != std::string::npos)
    return false;
  return absl::LoadTimeZone(name, &zone);
}

Result<CivilMinute> ParseCivilMinute(std::string_view text) {
  const Error bad =
      InvalidArgument(Quoted(text) + ": expected a date and a time of the day such as 2026-12-01 22:00");
  constexpr std::string_view kShape = "0000-00-00 00:00";
  if (text.size() != kShape.size()) return bad;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool good =
        kShape[i] == '0' ? IsDigit(text[i]) : text[i] == kShape[i] || (kShape[i] == ' ' && text[i] == 'T');
    if (!good) return bad;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    return std::stoi(std::string(text.substr(at, size)));
  };
  const CivilMinute t{number(0, 4), number(5, 2), number(8, 2), number(11, 2), number(14, 2)};
  const absl::CivilMinute same = ToAbsl(t);
  const bool exists = same.month() == t.month && same.day() == t.day && same.hour() == t.hour &&
                      same.minute() == t.minute && t.year >= 2000 && t.year <= 2200;
  if (!exists) return bad;
  return t;
}

std::vector<sched::MaintenanceWindow> WindowsBetween(const Maintenance& maintenance, TimePoint from,
                                                     TimePoint to, std::size_t most) {
  std::vector<sched::MaintenanceWindow> windows;
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(maintenance.time_zone, &zone)) return windows;
  const absl::Time earliest =
      absl::FromUnixMicros(from.micros()) - absl::Microseconds(maintenance.length.count());
  for (std::int64_t i = FirstIndex(maintenance, absl::ToCivilMinute(earliest, zone)); windows.size() < most;
       ++i) {
    const auto civil = Occurrence(maintenance, i);
    if (!civil) continue;
    if (maintenance.until && *civil > ToAbsl(*maintenance.until)) break;
    const TimePoint begins(absl::ToUnixMicros(absl::FromCivil(*civil, zone)));
    if (begins >= to) break;
    if (begins + maintenance.length > from) {
      windows.push_back({maintenance.name, begins, begins + maintenance.length, maintenance.nodes});
    }
    if (maintenance.repeat == Repeat::kOnce) break;
  }
  return windows;
}

}  // namespace bsub::cluster_config
