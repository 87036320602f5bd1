#include "jobs/units.h"

#include <array>
#include <cstdio>
#include <limits>
#include <optional>

#include "jobs/text.h"

namespace bsub {
namespace {

constexpr std::int64_t kMillion = 1'000'000;
constexpr Duration kLongest =
    std::chrono::hours(24 * 36'500);  // far below what overflows when added to a date

// A number with up to six decimals that count; more are rounded up, so that a request is never below what was
// written.
struct Decimal {
  std::int64_t whole = 0;
  std::int64_t millionths = 0;
};

std::optional<Decimal> TakeDecimal(std::string_view& text) {
  Decimal out;
  std::string_view rest = text;
  const bool has_whole = !rest.empty() && IsDigit(rest.front());
  if (has_whole) {
    const auto whole = TakeNumber(rest, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
    if (!whole) return std::nullopt;
    out.whole = static_cast<std::int64_t>(*whole);
  }
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    if (!has_whole && (rest.empty() || !IsDigit(rest.front()))) return std::nullopt;
    std::int64_t weight = kMillion / 10;
    bool round_up = false;
    for (; !rest.empty() && IsDigit(rest.front()); rest.remove_prefix(1), weight /= 10) {
      out.millionths += (rest.front() - '0') * weight;
      round_up |= weight == 0 && rest.front() != '0';
    }
    out.millionths += round_up ? 1 : 0;
  } else if (!has_whole) {
    return std::nullopt;
  }
  text = rest;
  return out;
}

// number * unit, rounded up; nothing if that does not fit. unit <= 2^40.
std::optional<std::int64_t> Scale(const Decimal& number, std::int64_t unit) {
  const std::int64_t part = (number.millionths * (unit / kMillion)) +
                            (number.millionths * (unit % kMillion) + kMillion - 1) / kMillion;
  if (number.whole > (std::numeric_limits<std::int64_t>::max() - part) / unit) return std::nullopt;
  return number.whole * unit + part;
}

struct Unit {
  std::string_view name;
  std::int64_t value;
};

constexpr std::int64_t kKi = 1024, kMi = kKi * 1024, kGi = kMi * 1024, kTi = kGi * 1024;
constexpr std::array kByteUnits = {Unit{"b", 1},    Unit{"k", kKi},   Unit{"kb", kKi},  Unit{"kib", kKi},
                                   Unit{"m", kMi},  Unit{"mb", kMi},  Unit{"mib", kMi}, Unit{"g", kGi},
                                   Unit{"gb", kGi}, Unit{"gib", kGi}, Unit{"t", kTi},   Unit{"tb", kTi},
                                   Unit{"tib", kTi}};

constexpr std::int64_t kSecond = kMillion, kMinute = 60 * kSecond, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr std::array kTimeUnits = {
    Unit{"us", 1},        Unit{"ms", 1000}, Unit{"s", kSecond}, Unit{"sec", kSecond}, Unit{"m", kMinute},
    Unit{"min", kMinute}, Unit{"h", kHour}, Unit{"hr", kHour},  Unit{"d", kDay},      Unit{"w", 7 * kDay}};

template <std::size_t N>
std::optional<std::int64_t> FindUnit(const std::array<Unit, N>& units, std::string_view name) {
  const std::string wanted = ToLower(name);
  for (const Unit& unit : units) {
    if (unit.name == wanted) return unit.value;
  }
  return std::nullopt;
}

std::string_view TakeLetters(std::string_view& text) {
  std::size_t n = 0;
  while (n < text.size() && IsAlnum(text[n]) && !IsDigit(text[n])) ++n;
  const std::string_view letters = text.substr(0, n);
  text.remove_prefix(n);
  return letters;
}

Error BadDuration(std::string_view text) {
  return InvalidArgument("duration " + Quoted(text) +
                         ": expected for example 90s, 15m, 1h30m, 2d or 1:30:00 (hours:minutes:seconds)");
}

Result<Duration> WithinLongest(std::string_view text, std::optional<std::int64_t> micros) {
  if (!micros || *micros > kLongest.count()) {
    return InvalidArgument("duration " + Quoted(text) + ": too long; at most 36500d");
  }
  return Duration(*micros);
}

// "1:30:00". Two fields would be hours and minutes to LSF's users but minutes and seconds to Slurm's:
// refused.
Result<Duration> ParseClock(std::string_view text) {
  std::array<std::int64_t, 3> fields{};
  std::string_view rest = text;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) {
      if (!rest.starts_with(':')) {
        return InvalidArgument(
            "duration " + Quoted(text) +
            ": ambiguous or incomplete; write hours:minutes:seconds, as in 1:30:00, or 90m");
      }
      rest.remove_prefix(1);
    }
    const auto value = TakeNumber(rest, i == 0 ? 36'500 * 24 : 59);
    if (!value) return BadDuration(text);
    fields[i] = static_cast<std::int64_t>(*value);
  }
  if (!rest.empty()) return BadDuration(text);
  return WithinLongest(text, fields[0] * kHour + fields[1] * kMinute + fields[2] * kSecond);
}

// Reads "2026-11-21T10:00:00.5Z" and shorter forms of it.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : rest_(text) {}

  std::optional<std::int64_t> Micros() {
    const auto year = Digits(4), month = After('-', 2), day = After('-', 2);
    if (!year || !month || !day) return std::nullopt;
    using namespace std::chrono;
    const year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                              std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok() || *year < 1970) return std::nullopt;
    const std::int64_t midnight = sys_days(date).time_since_epoch().count() * kDay;
    if (rest_.empty()) return midnight;
    const bool separated = rest_.front() == 'T' || rest_.front() == 't' || rest_.front() == ' ';
    if (!separated) return std::nullopt;
    rest_.remove_prefix(1);
    const auto clock = Clock();
    const auto offset = clock ? Offset() : std::nullopt;
    if (!offset || !rest_.empty()) return std::nullopt;
    return midnight + *clock - *offset;
  }

 private:
  std::optional<std::int64_t> Clock() {
    const auto hour = Digits(2), minute = After(':', 2);
    if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    std::int64_t micros = *hour * kHour + *minute * kMinute;
    if (!rest_.starts_with(':')) return micros;
    const auto second = After(':', 2);
    if (!second || *second > 59) return std::nullopt;
    micros += *second * kSecond;
    if (!rest_.starts_with('.')) return micros;
    const auto fraction = TakeDecimal(rest_);
    if (!fraction) return std::nullopt;
    return micros + fraction->millionths;
  }

  // Microseconds east of UTC: nothing or Z, else +hh:mm or -hh:mm.
  std::optional<std::int64_t> Offset() {
    if (rest_.empty()) return 0;
    const char sign = rest_.front();
    if (sign == 'Z' || sign == 'z') {
      rest_.remove_prefix(1);
      return 0;
    }
    if (sign != '+' && sign != '-') return std::nullopt;
    const auto hour = After(sign, 2), minute = After(':', 2);
    if (!hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
    const std::int64_t micros = *hour * kHour + *minute * kMinute;
    return sign == '+' ? micros : -micros;
  }

  std::optional<int> After(char separator, std::size_t digits) {
    if (!rest_.starts_with(separator)) return std::nullopt;
    rest_.remove_prefix(1);
    return Digits(digits);
  }

  std::optional<int> Digits(std::size_t n) {
    std::string_view digits = rest_.substr(0, n);
    if (digits.size() < n) return std::nullopt;
    const auto value = TakeNumber(digits, 9999);
    if (!value || !digits.empty()) return std::nullopt;
    rest_.remove_prefix(n);
    return static_cast<int>(*value);
  }

  std::string_view rest_;
};

std::string WithOneDecimal(double value, std::string_view unit) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f ", value);
  return text + std::string(unit);
}

}  // namespace

Result<std::int64_t> ParseBytes(std::string_view text, std::int64_t bare_unit) {
  std::string_view rest = Trim(text);
  const auto number = TakeDecimal(rest);
  rest = Trim(rest);
  const auto unit = rest.empty() ? std::optional(bare_unit) : FindUnit(kByteUnits, rest);
  if (!number || !unit) {
    return InvalidArgument("size " + Quoted(text) +
                           ": expected a number and one of K, M, G, T, as in 512M or 1.5G");
  }
  const auto bytes = Scale(*number, *unit);
  if (!bytes) return InvalidArgument("size " + Quoted(text) + ": too large");
  return *bytes;
}

Result<Duration> ParseDuration(std::string_view text, Duration bare_unit) {
  std::string_view rest = Trim(text);
  if (rest.find(':') != std::string_view::npos) return ParseClock(rest);
  std::int64_t sum = 0, last_unit = std::numeric_limits<std::int64_t>::max();
  do {
    const auto number = TakeDecimal(rest);
    const std::string_view name = TakeLetters(rest);
    const bool bare = name.empty() && rest.empty() && sum == 0;
    const auto unit = bare ? std::optional(bare_unit.count()) : FindUnit(kTimeUnits, name);
    // Units must fall, so that a slip such as 1m30m is seen.
    if (!number || !unit || *unit >= last_unit) return BadDuration(text);
    last_unit = *unit;
    const auto part = Scale(*number, *unit);
    BSUB_ASSIGN_OR_RETURN(const Duration checked, WithinLongest(text, part));
    sum += checked.count();
  } while (!rest.empty());
  return WithinLongest(text, sum);
}

Result<std::int64_t> ParseCpus(std::string_view text) {
  std::string_view rest = Trim(text);
  const auto number = TakeDecimal(rest);
  const bool thousandths = rest == "m";
  if (!number || (!rest.empty() && !thousandths)) {
    return InvalidArgument("CPUs " + Quoted(text) + ": expected for example 2, 0.5 or 500m");
  }
  constexpr std::int64_t kMost = 1'000'000'000;  // a million cores
  const auto milli = Scale(*number, thousandths ? 1 : 1000);
  if (!milli || *milli > kMost)
    return InvalidArgument("CPUs " + Quoted(text) + ": too many; at most 1000000");
  if (*milli < 1) return InvalidArgument("CPUs " + Quoted(text) + ": must be more than 0, at least 0.001");
  return *milli;
}

Result<TimePoint> ParseBeginTime(std::string_view text, TimePoint now) {
  std::string_view rest = Trim(text);
  if (rest.starts_with("now")) {
    rest.remove_prefix(3);
    if (rest.empty()) return now;
  }
  if (rest.starts_with('+')) {
    BSUB_ASSIGN_OR_RETURN(const Duration delay, ParseDuration(rest.substr(1)));
    return now + delay;
  }
  const auto micros = rest == Trim(text) ? DateReader(rest).Micros() : std::nullopt;
  if (!micros || *micros <= 0) {
    return InvalidArgument(
        "begin time " + Quoted(text) +
        ": expected for example 2026-11-21T10:00:00Z, '2026-11-21 10:00' (UTC), +15m or now+2h");
  }
  return TimePoint(*micros);
}

Result<std::int64_t> ParseInteger(std::string_view text, std::int64_t min, std::int64_t max) {
  std::string_view rest = Trim(text);
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const bool is_number = AllDigits(rest);
  const auto magnitude = TakeNumber(rest, kMost);
  const auto expected =
      "; expected a whole number from " + std::to_string(min) + " to " + std::to_string(max);
  if (!is_number) return InvalidArgument(Quoted(text) + " is not a whole number" + expected);
  if (!magnitude) return InvalidArgument(Quoted(text) + " is out of range" + expected);
  const auto value =
      negative ? -static_cast<std::int64_t>(*magnitude) : static_cast<std::int64_t>(*magnitude);
  if (value < min || value > max) return InvalidArgument(Quoted(text) + " is out of range" + expected);
  return value;
}

std::string FormatBytes(std::int64_t bytes) {
  const auto size = static_cast<double>(bytes);
  if (bytes < kKi) return std::to_string(bytes) + " B";
  if (bytes < kMi) return WithOneDecimal(size / kKi, "KiB");
  if (bytes < kGi) return WithOneDecimal(size / kMi, "MiB");
  if (bytes < kTi) return WithOneDecimal(size / kGi, "GiB");
  return WithOneDecimal(size / kTi, "TiB");
}

std::string FormatCpus(std::int64_t cpu_milli) {
  const std::int64_t part = cpu_milli % 1000;
  std::string out = std::to_string(cpu_milli / 1000);
  if (part == 0) return out;
  char text[8];
  std::snprintf(text, sizeof text, ".%03d", static_cast<int>(part < 0 ? -part : part));
  out += text;
  out.erase(out.find_last_not_of('0') + 1);
  return out;
}

}  // namespace bsub
