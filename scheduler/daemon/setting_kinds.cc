#include "scheduler/daemon/setting_kinds.h"

#include <chrono>
#include <cstdio>
#include <sstream>
#include <string_view>

namespace bsub::daemon {
namespace {

std::string DurationText(Duration d) {
  const std::int64_t ms = d.count() / 1000;
  if (ms % 1000 != 0) return std::to_string(ms) + "ms";
  const std::int64_t s = ms / 1000;
  if (s != 0 && s % 86400 == 0) return std::to_string(s / 86400) + "d";
  if (s != 0 && s % 3600 == 0) return std::to_string(s / 3600) + "h";
  if (s != 0 && s % 60 == 0) return std::to_string(s / 60) + "m";
  return std::to_string(s) + "s";
}

// Durations of settings may be shorter than a second: "250ms".
Result<Duration> ParseShortDuration(const std::string& text) {
  if (!text.ends_with("ms")) return ParseDuration(text);
  BSUB_ASSIGN_OR_RETURN(const std::int64_t ms, ParseInteger(text.substr(0, text.size() - 2), 0, 86'400'000));
  return Duration(std::chrono::milliseconds(ms));
}

}  // namespace

std::string BytesText(std::int64_t bytes) {
  constexpr std::string_view kUnits = "KMGT";
  std::string unit;
  for (std::size_t i = 0; i < kUnits.size() && bytes != 0 && bytes % 1024 == 0; ++i) {
    bytes /= 1024;
    unit = kUnits[i];
  }
  return std::to_string(bytes) + unit;
}

Setting Time(std::string name, std::string help, Access<Duration> at, Duration min, Duration max) {
  return {std::move(name), std::move(help),
          [at, min, max](DaemonSettings& settings, const std::string& value) -> Status {
            BSUB_ASSIGN_OR_RETURN(const Duration duration, ParseShortDuration(value));
            if (duration > max)
              return InvalidArgument(Quoted(value) + " is too long; expected from " + DurationText(min) +
                                     " to " + DurationText(max));
            if (duration < min)
              return InvalidArgument(Quoted(value) + " is too short; at least " + DurationText(min));
            at(settings) = duration;
            return OkStatus();
          },
          [at](const DaemonSettings& settings) { return DurationText(Look(settings, at)); }};
}

Setting Octal(std::string name, std::string help, Access<std::uint32_t> at) {
  return {std::move(name), std::move(help),
          [at](DaemonSettings& settings, const std::string& value) -> Status {
            std::size_t used = 0;
            unsigned long mode = 01000;
            if (!value.empty() && AllDigits(value)) mode = std::stoul(value.substr(0, 6), &used, 8);
            if (used != value.size() || mode > 0777)
              return InvalidArgument(Quoted(value) + " is not an octal mode, e.g. 0666");
            at(settings) = static_cast<std::uint32_t>(mode);
            return OkStatus();
          },
          [at](const DaemonSettings& settings) {
            char text[16];
            std::snprintf(text, sizeof text, "0%o", Look(settings, at));
            return std::string(text);
          }};
}

Setting Words(std::string name, std::string help, Access<std::vector<std::string>> at) {
  return {std::move(name), std::move(help),
          [at](DaemonSettings& settings, const std::string& value) {
            std::istringstream words(value);
            at(settings).clear();
            for (std::string word; words >> word;) at(settings).push_back(word);
            return OkStatus();
          },
          [at](const DaemonSettings& settings) {
            std::string text;
            for (const std::string& word : Look(settings, at)) text += (text.empty() ? "" : " ") + word;
            return "\"" + text + "\"";
          }};
}

Setting Program(std::string name, std::string help, Access<std::string> at) {
  return {std::move(name), std::move(help),
          [at](DaemonSettings& settings, const std::string& value) -> Status {
            if (value.empty()) return InvalidArgument("expected a program's path or name");
            at(settings) = value;
            return OkStatus();
          },
          [at](const DaemonSettings& settings) { return "\"" + Look(settings, at) + "\""; }};
}

}  // namespace bsub::daemon
