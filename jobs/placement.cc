#include "jobs/placement.h"

#include <algorithm>
#include <array>

#include "jobs/fields.h"
#include "jobs/nearest.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub {
namespace {

constexpr std::array<std::string_view, 4> kPolicies = {"none", "cluster", "partition", "spread"};
constexpr std::string_view kPreferred = "preferred";
constexpr std::int64_t kMostPartitions = 1'000'000;
constexpr std::size_t kLongestName = 128;  // of a group or a feature

Error Wrong(std::string_view text, const std::string& why) {
  return InvalidArgument("placement " + Quoted(text) + ": " + why + (why.empty() ? "" : "; ") +
                         "expected none, cluster, partition=K or spread, and behind it :required (the "
                         "default) or :preferred@WAIT, such as cluster:preferred@5m");
}

Error UnknownPolicy(std::string_view text, std::string_view name) {
  Error error = Wrong(text, name == text ? "" : "there is no " + Quoted(name));
  error.message += DidYouMean(name, {std::begin(kPolicies), std::end(kPolicies)});
  return error;
}

Status ReadPolicy(std::string_view text, std::string_view word, PlacementSpec& out) {
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  for (std::size_t i = 0; i < kPolicies.size(); ++i) {
    if (name != kPolicies[i]) continue;
    out.policy = static_cast<PlacementPolicy>(i);
    const bool number = equals != std::string_view::npos;
    if (number != (out.policy == PlacementPolicy::kPartition))
      return Wrong(text, number ? "only partition has a number" : "partition needs a number");
    if (!number) return OkStatus();
    const auto partitions = ParseInteger(word.substr(equals + 1), 1, kMostPartitions);
    if (!partitions) return Wrong(text, partitions.error().message);
    out.partitions = static_cast<std::uint32_t>(*partitions);
    return OkStatus();
  }
  return UnknownPolicy(text, name);
}

Status ReadMode(std::string_view text, std::string_view word, PlacementSpec& out) {
  if (word == "required") return OkStatus();
  const std::size_t at = word.find('@');
  if (word.substr(0, at) != kPreferred) return Wrong(text, "there is no " + Quoted(word));
  out.mode = PlacementMode::kPreferred;
  if (at == std::string_view::npos) return OkStatus();
  const auto wait = ParseDuration(word.substr(at + 1));
  if (!wait) return Wrong(text, wait.error().message);
  out.wait = *wait - *wait % std::chrono::milliseconds(1);
  return OkStatus();
}

// Exact, unlike FormatDuration.
std::string WaitText(Duration wait) {
  const std::int64_t ms = wait / std::chrono::milliseconds(1), s = ms / 1000;
  if (ms % 1000 != 0) {
    std::string decimals = std::to_string(1000 + ms % 1000).substr(1);
    while (decimals.back() == '0') decimals.pop_back();
    return std::to_string(s) + "." + decimals + "s";
  }
  if (s % 3600 == 0) return std::to_string(s / 3600) + "h";
  return s % 60 == 0 ? std::to_string(s / 60) + "m" : std::to_string(s) + "s";
}

// A name stands in lists and in lines for people.
Status CheckName(std::string_view field, std::string_view name) {
  const bool bad =
      name.empty() || name.size() > kLongestName || Trim(name) != name ||
      std::any_of(name.begin(), name.end(), [](char c) { return IsControl(c) || c == ',' || c == '!'; });
  if (!bad) return OkStatus();
  return InvalidArgument(std::string(field) + " " + Quoted(name) + ": expected 1 to " +
                         std::to_string(kLongestName) +
                         " bytes without commas, exclamation marks, control characters or blanks around it");
}

std::string OppositeOf(std::string_view feature) {
  return feature.starts_with('!') ? std::string(feature.substr(1)) : "!" + std::string(feature);
}

Status CheckFeatures(std::string_view field, const std::vector<std::string>& features) {
  if (features.size() > kMostFeatures) {
    return InvalidArgument(std::string(field) + ": " + std::to_string(features.size()) +
                           " of them; expected at most " + std::to_string(kMostFeatures));
  }
  for (const std::string& feature : features) {
    const bool without = feature.starts_with('!');
    BSUB_RETURN_IF_ERROR(CheckName(field, std::string_view(feature).substr(without ? 1 : 0)));
  }
  return OkStatus();
}

// No node could serve.
Status CheckContrary(const PlacementSpec& placement) {
  for (const auto* list : {&placement.features, &placement.preferred_features}) {
    const std::string contrary = FindContrary(placement.features, *list);
    if (!contrary.empty()) return InvalidArgument(contrary + "; name one of them");
  }
  return OkStatus();
}

}  // namespace

std::string_view ToString(PlacementPolicy policy) { return kPolicies[static_cast<std::size_t>(policy)]; }

Result<PlacementSpec> ParsePlacement(std::string_view text) {
  PlacementSpec out;
  const std::size_t colon = text.find(':');
  BSUB_RETURN_IF_ERROR(ReadPolicy(text, text.substr(0, colon), out));
  if (colon != std::string_view::npos) BSUB_RETURN_IF_ERROR(ReadMode(text, text.substr(colon + 1), out));
  if (out.policy == PlacementPolicy::kNone) return PlacementSpec{};
  return out;
}

std::string ToString(const PlacementSpec& placement) {
  std::string text(ToString(placement.policy));
  if (placement.policy == PlacementPolicy::kPartition) text += "=" + std::to_string(placement.partitions);
  if (placement.mode != PlacementMode::kPreferred) return text;
  text += ":" + std::string(kPreferred);
  return placement.wait.count() > 0 ? text + "@" + WaitText(placement.wait) : text;
}

Result<std::vector<std::string>> ParseFeatures(std::string_view text) {
  std::vector<std::string> features;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    features.emplace_back(Trim(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  BSUB_RETURN_IF_ERROR(CheckFeatures("features", features));
  return features;
}

std::string JoinFeatures(const std::vector<std::string>& features) {
  std::string text;
  for (const std::string& feature : features) text += (text.empty() ? "" : ",") + feature;
  return text;
}

std::string FindContrary(const std::vector<std::string>& required, const std::vector<std::string>& wanted) {
  for (const std::string& feature : wanted) {
    const std::string opposite = OppositeOf(feature);
    if (std::find(required.begin(), required.end(), opposite) == required.end()) continue;
    const bool without = feature.starts_with('!');
    return "features " + Quoted(without ? opposite : feature) + " and " +
           Quoted(without ? feature : opposite) + " contradict each other";
  }
  return "";
}

Status Validate(const PlacementSpec& placement, std::uint32_t nodes) {
  if (!placement.group.empty()) {
    BSUB_RETURN_IF_ERROR(CheckName("placement group", placement.group));
    if (placement.policy == PlacementPolicy::kNone) {
      return InvalidArgument("placement group " + Quoted(placement.group) +
                             ": with placement none there is nothing to keep; expected cluster, partition=K "
                             "or spread");
    }
  }
  BSUB_RETURN_IF_ERROR(CheckFeatures("features", placement.features));
  BSUB_RETURN_IF_ERROR(CheckFeatures("preferred features", placement.preferred_features));
  BSUB_RETURN_IF_ERROR(CheckContrary(placement));
  if (placement.policy != PlacementPolicy::kPartition) return OkStatus();
  return CheckNumber("placement partition", placement.partitions, 1, nodes);
}

}  // namespace bsub
