#include "cli/moments.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "common/time.h"

namespace bsub::cli {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Of the moment at the beginning, with its fraction and Z; 0: there is none.
std::size_t LengthOfMoment(std::string_view text) {
  static constexpr std::string_view kForm = "0000-00-00T00:00:00";  // 0: any digit
  if (text.size() <= kForm.size()) return 0;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    if (kForm[i] == '0' ? !IsDigit(text[i]) : text[i] != kForm[i]) return 0;
  }
  std::size_t end = kForm.size();
  if (text[end] == '.') ++end;
  while (end < text.size() && IsDigit(text[end])) ++end;
  return end < text.size() && text[end] == 'Z' ? end + 1 : 0;
}

// To the second, of what LengthOfMoment found.
std::int64_t MicrosOf(std::string_view moment) {
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = 0;
    for (const char c : moment.substr(at, digits)) value = value * 10 + (c - '0');
    return value;
  };
  using namespace std::chrono;
  const sys_days day = year(number(0, 4)) / month(static_cast<unsigned>(number(5, 2))) /
                       std::chrono::day(static_cast<unsigned>(number(8, 2)));
  const auto at = day + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2));
  return duration_cast<microseconds>(at.time_since_epoch()).count();
}

}  // namespace

std::string LocalTime(std::int64_t at_us) {
  if (at_us == 0) return "-";
  const std::time_t seconds = at_us / 1'000'000;
  std::tm parts{};
  if (localtime_r(&seconds, &parts) == nullptr) return "-";
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return text.data();
}

std::string LocalTimeMs(std::int64_t at_us) {
  if (at_us == 0) return "-";
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03d", static_cast<int>(at_us / 1000 % 1000));
  return LocalTime(at_us) + fraction.data();
}

std::string WithLocalTimes(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = LengthOfMoment(text);
    if (length > 0) {
      out += LocalTime(MicrosOf(text));
    } else {
      out += text.front();
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string Elapsed(std::int64_t us) { return us == 0 ? "-" : FormatDuration(Duration(us)); }

std::int64_t NowMicros() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

}  // namespace bsub::cli
