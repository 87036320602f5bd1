#include "jobs/placement.h"

#include <array>

#include "jobs/fields.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub {
namespace {

constexpr std::array<std::string_view, 4> kPolicies = {"none", "cluster", "partition", "spread"};
constexpr std::string_view kPreferred = "preferred";
constexpr std::int64_t kMostPartitions = 1'000'000;

Error Wrong(std::string_view text, const std::string& why) {
  return InvalidArgument("placement " + Quoted(text) + ": " + why +
                         "; expected none, cluster, partition=K or spread, and behind it :required (the "
                         "default) or :preferred@WAIT, such as cluster:preferred@5m");
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
  return Wrong(text, "there is no " + Quoted(name));
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

Status Validate(const PlacementSpec& placement, std::uint32_t nodes) {
  if (placement.policy != PlacementPolicy::kPartition) return OkStatus();
  return CheckNumber("placement partition", placement.partitions, 1, nodes);
}

}  // namespace bsub
