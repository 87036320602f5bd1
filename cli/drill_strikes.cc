#include "cli/drill_strikes.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

constexpr double kMicrosPerHour = 3.6e9;
constexpr double kMostPerHour = 3600;       // a node needs about a second to be back
constexpr double kMostStrikes = 1'000'000;  // each is two calls and a row of the report

// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): the same numbers with every library.
class Draws {
 public:
  explicit Draws(std::uint64_t seed) : state_(seed) {}
  // In (0, 1].
  double Next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    z ^= z >> 31;
    return (static_cast<double>(z >> 11) + 1) / 9007199254740992.0;  // 2^53
  }

 private:
  std::uint64_t state_;
};

void InOrder(std::vector<Strike>& strikes) {
  std::stable_sort(strikes.begin(), strikes.end(),
                   [](const Strike& a, const Strike& b) { return a.at < b.at; });
}

// The machines of a trace and the nodes that play them: one is given to a machine that comes, as long as
// there are any.
class Cast {
 public:
  explicit Cast(const TracePlay& play) : play_(play), free_(play.nodes.begin(), play.nodes.end()) {}

  void Come(const std::string& machine) {
    if (free_.empty() || playing_.contains(machine)) return;
    playing_[machine] = free_.front();
    order_.push_back(machine);
    free_.pop_front();
  }
  // Without a name: the one that has been there longest.
  void Go(double seconds, std::string machine = "") {
    if (machine.empty() && !order_.empty()) machine = order_.front();
    const auto it = playing_.find(machine);
    if (it == playing_.end()) return;  // nobody plays it
    const double at_us = seconds / play_.speed * 1e6;
    if (at_us < static_cast<double>(play_.length.count()))
      strikes.push_back(
          {Duration(static_cast<std::int64_t>(at_us)), StrikeKind::kSpot, it->second, play_.notice});
    free_.push_back(it->second);
    playing_.erase(it);
    order_.erase(std::find(order_.begin(), order_.end(), machine));
  }

  std::vector<Strike> strikes;

 private:
  const TracePlay& play_;
  std::deque<std::string> free_;
  std::deque<std::string> order_;
  std::map<std::string, std::string> playing_;
};

Error NoTrace(const std::string& why) {
  return InvalidArgument(
      "the trace is not understood: " + why +
      "; expected {\"metadata\": {\"gap_seconds\": 60}, \"data\": [1, 0, ...]} or lines of "
      "milliseconds,add|remove,name");
}

Result<std::vector<Strike>> ReadCounts(const nlohmann::json& json, const TracePlay& play) {
  const bool good = json.is_object() && json.contains("data") && json["data"].is_array() &&
                    json.contains("metadata") && json["metadata"].is_object() &&
                    json["metadata"].contains("gap_seconds") && json["metadata"]["gap_seconds"].is_number();
  if (!good) return NoTrace("it lacks data or metadata.gap_seconds");
  const double gap = json["metadata"]["gap_seconds"].get<double>();
  if (gap <= 0) return NoTrace("metadata.gap_seconds is " + json["metadata"]["gap_seconds"].dump());
  Cast cast(play);
  std::int64_t there = 0;
  std::int64_t made = 0;
  for (std::size_t k = 0; k < json["data"].size(); ++k) {
    if (!json["data"][k].is_number_integer())
      return NoTrace("number " + std::to_string(k) + " of data is none");
    const auto now = std::clamp<std::int64_t>(json["data"][k].get<std::int64_t>(), 0, 10'000);
    for (; there < now; ++there) cast.Come(std::to_string(made++));
    for (; there > now; --there) cast.Go(static_cast<double>(k) * gap);
  }
  return cast.strikes;
}

Result<std::vector<Strike>> ReadNames(const std::string& text, const TracePlay& play) {
  Cast cast(play);
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (Trim(line).empty()) continue;
    std::istringstream parts(line);
    std::string at, what, name;
    std::getline(parts, at, ',');
    std::getline(parts, what, ',');
    std::getline(parts, name);
    const auto ms = ParseInteger(Trim(at), 0, std::int64_t{1} << 50);
    const bool good = ms && (what == "add" || what == "remove") && !Trim(name).empty();
    if (!good) return NoTrace("line " + std::to_string(number) + " is " + Quoted(line));
    if (what == "add") {
      cast.Come(std::string(Trim(name)));
    } else {
      cast.Go(static_cast<double>(*ms) / 1000, std::string(Trim(name)));
    }
  }
  return cast.strikes;
}

Result<Duration> TimeOf(const YAML::Node& node, const std::string& where, const char* key) {
  if (!node[key] || !node[key].IsScalar())
    return InvalidArgument(where + ": " + key + " is missing, expected a time such as 10s");
  const auto time = ParseDuration(node[key].as<std::string>());
  if (!time) return InvalidArgument(where + ": " + key + ": " + time.error().message);
  return time;
}

Result<Strike> ReadStep(const YAML::Node& step, const std::string& where) {
  struct Form {
    const char* key;
    StrikeKind kind;
    const char* time;  // null: none
  };
  static constexpr Form kForms[] = {{"notice", StrikeKind::kNotice, "in"},
                                    {"kill", StrikeKind::kKill, nullptr},
                                    {"partition", StrikeKind::kPartition, "for"},
                                    {"spot", StrikeKind::kSpot, "in"}};
  if (!step.IsMap())
    return InvalidArgument(where + ": expected {at: TIME, notice|kill|partition|spot: NODE, ...}");
  Strike strike;
  BSUB_ASSIGN_OR_RETURN(strike.at, TimeOf(step, where, "at"));
  for (const Form& form : kForms) {
    if (!step[form.key]) continue;
    if (!strike.node.empty()) return InvalidArgument(where + ": does two things; make it two steps");
    strike.kind = form.kind;
    strike.node = step[form.key].as<std::string>("");
    if (form.time != nullptr) {
      BSUB_ASSIGN_OR_RETURN(strike.time, TimeOf(step, where, form.time));
    }
  }
  if (strike.node.empty())
    return InvalidArgument(where + ": says not which node gets a notice, kill, partition or spot");
  for (const auto& field : step) {
    const auto key = field.first.as<std::string>("");
    const bool known =
        key == "at" || key == "in" || key == "for" ||
        std::any_of(std::begin(kForms), std::end(kForms), [&](const Form& f) { return key == f.key; });
    if (!known) return InvalidArgument(where + ": " + Quoted(key) + " is unknown");
  }
  return strike;
}

}  // namespace

std::string_view ToString(StrikeKind kind) {
  switch (kind) {
    case StrikeKind::kNotice:
      return "notice";
    case StrikeKind::kKill:
      return "kill";
    case StrikeKind::kPartition:
      return "partition";
    case StrikeKind::kSpot:
      return "spot";
  }
  return "notice";
}

std::vector<Strike> DrawStrikes(const SpotWeather& weather) {
  std::vector<Strike> strikes;
  if (weather.per_hour <= 0) return strikes;
  for (std::size_t i = 0; i < weather.nodes.size(); ++i) {
    Draws draws(weather.seed * 1'000'003 + i);
    double at_us = 0;
    while (true) {
      at_us += -std::log(draws.Next()) * kMicrosPerHour / weather.per_hour;
      if (at_us >= static_cast<double>(weather.length.count())) break;
      const Duration at(static_cast<std::int64_t>(at_us));
      strikes.push_back({at, StrikeKind::kSpot, weather.nodes[i], weather.notice});
      at_us += static_cast<double>(weather.notice.count());
    }
  }
  InOrder(strikes);
  return strikes;
}

Status CheckWeather(const SpotWeather& weather) {
  if (weather.per_hour <= 0) return OkStatus();
  const double each = static_cast<double>(weather.length.count()) /
                      (kMicrosPerHour / weather.per_hour + static_cast<double>(weather.notice.count()));
  const double all = each * static_cast<double>(weather.nodes.size());
  if (all <= kMostStrikes) return OkStatus();
  char number[64];
  std::snprintf(number, sizeof number, "%.0f", all);
  return InvalidArgument(
      "for " + FormatDuration(weather.length) + " and " + CountNodes(weather.nodes.size()) +
      " the rate makes about " + number +
      " interruptions: expected at most 1000000; take a lower rate, a shorter time or fewer "
      "nodes");
}

Result<double> ParseRate(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string number = text.substr(0, slash);
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  bool good =
      slash != std::string::npos && error == std::errc() && end == number.data() + number.size() && value > 0;
  // "h" is one hour, "30m" is what it says.
  const std::string time = good ? text.substr(slash + 1) : "";
  good = !time.empty();
  const bool counted = good && time.front() >= '0' && time.front() <= '9';
  const auto per = good ? ParseDuration((counted ? "" : "1") + time) : Result<Duration>(InvalidArgument(""));
  good = good && per && per->count() > 0;
  if (!good)
    return InvalidArgument("rate " + Quoted(text) + ": expected interruptions per time, such as 20/h");
  const double per_hour = value * kMicrosPerHour / static_cast<double>(per->count());
  if (per_hour > kMostPerHour)
    return InvalidArgument("rate " + Quoted(text) +
                           ": expected at most 3600/h, one a second: a node must be back to be taken again");
  return per_hour;
}

Result<std::vector<Strike>> ReadTrace(const std::string& text, const TracePlay& play) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  auto strikes = json.is_discarded() ? ReadNames(text, play) : ReadCounts(json, play);
  if (strikes) InOrder(*strikes);
  return strikes;
}

Result<DrillPlan> ParseDrillPlan(const std::string& text) {
  DrillPlan plan;
  try {
    const YAML::Node yaml = YAML::Load(text);
    if (!yaml.IsMap()) return InvalidArgument("the plan: expected `for: TIME` and `steps:` with a list");
    BSUB_ASSIGN_OR_RETURN(plan.length, TimeOf(yaml, "the plan", "for"));
    const YAML::Node steps = yaml["steps"];
    if (!steps || !steps.IsSequence() || steps.size() == 0)
      return InvalidArgument(
          "the plan: steps is missing or empty, expected a list such as - {at: 5s, kill: n1}");
    for (const YAML::Node& step : steps) {
      const std::string where = "line " + std::to_string(step.Mark().line + 1);
      BSUB_ASSIGN_OR_RETURN(Strike strike, ReadStep(step, where));
      if (strike.at > plan.length)
        return InvalidArgument(where + ": at " + FormatDuration(strike.at) +
                               " is after the end, for: " + FormatDuration(plan.length));
      plan.strikes.push_back(std::move(strike));
    }
  } catch (const YAML::Exception& e) {
    return InvalidArgument("the plan is no YAML: line " + std::to_string(e.mark.line + 1) + ": " + e.msg);
  }
  InOrder(plan.strikes);
  return plan;
}

}  // namespace bsub::cli
