#include "common/time.h"

#include <cstdio>

namespace bsub {

std::string FormatUtc(TimePoint t) {
  if (!t.set()) return "";
  using namespace std::chrono;
  const sys_time<microseconds> instant{microseconds(t.micros())};
  const auto day = floor<days>(instant);
  const year_month_day date{day};
  const hh_mm_ss<microseconds> clock{instant - day};
  char text[64];
  int n = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                        static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                        static_cast<int>(clock.seconds().count()));
  std::string out(text, static_cast<std::size_t>(n));
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    n = std::snprintf(text, sizeof text, ".%06d", static_cast<int>(fraction));
    out.append(text, static_cast<std::size_t>(n));
  }
  return out + "Z";
}

std::string FormatDuration(Duration d) {
  const std::int64_t us = d.count();
  char text[64];
  if (us < 0) return "-" + FormatDuration(Duration(-us));
  if (us < 1'000'000) {
    std::snprintf(text, sizeof text, "%lldms", static_cast<long long>(us / 1000));
  } else if (us < 60'000'000) {
    std::snprintf(text, sizeof text, "%.1fs", static_cast<double>(us) / 1e6);
  } else {
    const long long s = us / 1'000'000, h = s / 3600, m = s / 60 % 60, sec = s % 60;
    if (h >= 48) {
      std::snprintf(text, sizeof text, "%lldd %02lldh", h / 24, h % 24);
    } else if (h > 0) {
      std::snprintf(text, sizeof text, "%lldh %02lldm %02llds", h, m, sec);
    } else {
      std::snprintf(text, sizeof text, "%lldm %02llds", m, sec);
    }
  }
  return text;
}

}  // namespace bsub
