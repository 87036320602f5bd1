#include "scheduler/cluster_config/units.h"

#include <array>
#include <optional>

#include "jobs/text.h"

namespace bsub::cluster_config {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
  std::int64_t divisor;
};
constexpr std::array kLatencies = {Unit{"ns", 1, 1}, Unit{"us", 1'000, 1}, Unit{"ms", 1'000'000, 1},
                                   Unit{"s", 1'000'000'000, 1}};
// Of equal ones the first is written.
constexpr std::array kBandwidths = {Unit{"bit/s", 1, 8},
                                    Unit{"kbit/s", 1'000, 8},
                                    Unit{"Mbit/s", 1'000'000, 8},
                                    Unit{"Gbit/s", 1'000'000'000, 8},
                                    Unit{"Tbit/s", 1'000'000'000'000, 8},
                                    Unit{"B/s", 1, 1},
                                    Unit{"kB/s", 1'000, 1},
                                    Unit{"MB/s", 1'000'000, 1},
                                    Unit{"GB/s", 1'000'000'000, 1},
                                    Unit{"TB/s", 1'000'000'000'000, 1},
                                    Unit{"KiB/s", std::int64_t{1} << 10, 1},
                                    Unit{"MiB/s", std::int64_t{1} << 20, 1},
                                    Unit{"GiB/s", std::int64_t{1} << 30, 1},
                                    Unit{"TiB/s", std::int64_t{1} << 40, 1}};
constexpr std::size_t kMostDigits = 12;

// "12.5" times the unit, rounded down; nothing if it is no such number or too large.
std::optional<std::int64_t> Times(std::string_view number, const Unit& unit) {
  std::int64_t value = 0, scale = 1;
  bool point = false, digits = false;
  if (number.size() > kMostDigits) return std::nullopt;
  for (const char c : number) {
    if (c == '.' && !point && digits) {
      point = true;
      continue;
    }
    if (!IsDigit(c)) return std::nullopt;
    digits = true;
    value = value * 10 + (c - '0');
    if (point) scale *= 10;
  }
  if (!digits || number.back() == '.') return std::nullopt;
  std::int64_t factor = unit.factor;
  while (scale > 1 && factor % 10 == 0) scale /= 10, factor /= 10;
  if (__builtin_mul_overflow(value, factor, &value)) return std::nullopt;
  return value / scale / unit.divisor;
}

template <std::size_t N>
std::optional<std::int64_t> Parse(std::string_view text, const std::array<Unit, N>& units) {
  const std::size_t end = text.find_first_not_of("0123456789.");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view number = text.substr(0, end), name = Trim(text.substr(end));
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    const auto value = Times(number, unit);
    return value && *value >= 1 ? value : std::nullopt;
  }
  return std::nullopt;
}

// With the largest unit that leaves at most three decimals.
template <std::size_t N>
std::string Format(std::int64_t value, const std::array<Unit, N>& units) {
  const Unit* best = nullptr;
  for (const Unit& unit : units) {
    std::int64_t all = 0;
    if (__builtin_mul_overflow(value, unit.divisor, &all)) continue;
    const bool exact = unit.factor < 1000 ? true : all % (unit.factor / 1000) == 0;
    if (unit.factor % 1000 != 0 && unit.factor != 1) continue;  // powers of 1024 are not written
    if (all < unit.factor || !exact) continue;
    if (best == nullptr || unit.factor > best->factor) best = &unit;
  }
  if (best == nullptr) best = &units[0];
  const std::int64_t all = value * best->divisor;
  std::string text = std::to_string(all / best->factor);
  if (best->factor >= 1000 && all % best->factor != 0) {
    std::string decimals = std::to_string(1000 + all % best->factor / (best->factor / 1000)).substr(1);
    while (decimals.back() == '0') decimals.pop_back();
    text += "." + decimals;
  }
  return text + std::string(best->name);
}

}  // namespace

Result<std::int64_t> ParseLatency(std::string_view text) {
  const auto value = Parse(text, kLatencies);
  if (value) return *value;
  return InvalidArgument(Quoted(text) + ": expected a latency of at least 1 ns with its unit, such as 1.5us");
}

Result<std::int64_t> ParseBandwidth(std::string_view text) {
  const auto value = Parse(text, kBandwidths);
  if (value) return *value;
  return InvalidArgument(Quoted(text) +
                         ": expected a bandwidth with its unit, such as 100Gbit/s or 12.5GB/s");
}

Result<std::int64_t> ParsePriceMicros(std::string_view text) {
  const auto value = text.empty() ? std::nullopt : Times(text, {"", 1'000'000, 1});
  if (value) return *value;
  return InvalidArgument(Quoted(text) + ": expected a price per hour such as 3.888");
}

std::string FormatLatency(std::int64_t nanoseconds) { return Format(nanoseconds, kLatencies); }
std::string FormatBandwidth(std::int64_t bytes_per_second) { return Format(bytes_per_second, kBandwidths); }

}  // namespace bsub::cluster_config
