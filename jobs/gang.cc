#include "jobs/gang.h"

#include "jobs/fields.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub {
namespace {

constexpr std::int64_t kMostRanks = 65'536;
constexpr std::int64_t kLargestIndex = 1'000'000;

}  // namespace

std::string_view ToString(GangEnd end) { return end == GangEnd::kMain ? "main" : "any"; }

Result<GangEnd> ParseGangEnd(std::string_view text) {
  if (text == "any") return GangEnd::kAny;
  if (text == "main") return GangEnd::kMain;
  return InvalidArgument("gang end " + Quoted(text) +
                         ": expected any (a part that fails ends all) or main (as the main node's ends)");
}

std::string_view ToString(GangLaunch launch) {
  switch (launch) {
    case GangLaunch::kEveryNode:
      return "every-node";
    case GangLaunch::kMainNode:
      return "main-node";
    case GangLaunch::kRanks:
      return "ranks";
  }
  return "unknown";
}

Result<GangLaunch> ParseGangLaunch(std::string_view text) {
  for (const GangLaunch launch : {GangLaunch::kEveryNode, GangLaunch::kMainNode, GangLaunch::kRanks}) {
    if (text == ToString(launch)) return launch;
  }
  return InvalidArgument("launch " + Quoted(text) +
                         ": expected every-node, main-node or ranks (the program is MPI's and we start it)");
}

Result<PartRange> ParsePartRange(std::string_view text) {
  PartRange range;
  const std::size_t colon = text.find(':');
  const auto number = [&](std::string_view part, std::uint32_t& value) {
    if (part.empty()) return true;
    const auto parsed = ParseInteger(part, 0, kLargestIndex);
    if (parsed) value = static_cast<std::uint32_t>(*parsed);
    return parsed.has_value();
  };
  bool good = !text.empty() && number(text.substr(0, colon), range.first);
  if (colon == std::string_view::npos) {
    range.last = range.first;
  } else {
    good = good && number(text.substr(colon + 1), range.last);
  }
  if (good && range.first <= range.last) return range;
  return InvalidArgument("nodes " + Quoted(text) + ": expected indexes such as 3, 0:3, :3 or 2:");
}

std::string ToString(const PartRange& range) {
  if (range.first == range.last) return std::to_string(range.first);
  return std::to_string(range.first) + ":" +
         (range.last == NodeRange::kOpen ? "" : std::to_string(range.last));
}

Result<NodeCount> ParseNodeCount(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto least = ParseInteger(text.substr(0, colon), 1, kLargestIndex);
  const auto most =
      colon == std::string_view::npos ? least : ParseInteger(text.substr(colon + 1), 1, kLargestIndex);
  if (least && most && *least <= *most)
    return NodeCount{static_cast<std::uint32_t>(*least), static_cast<std::uint32_t>(*most)};
  return InvalidArgument("nodes " + Quoted(text) + ": expected a number such as 4, or 2:4 for two to four");
}

Status Validate(const GangSpec& gang, std::uint32_t max_nodes) {
  BSUB_RETURN_IF_ERROR(CheckNumber("nodes", gang.nodes, 1, max_nodes));
  BSUB_RETURN_IF_ERROR(CheckNumber("least number of nodes", gang.min_nodes, 0, gang.nodes));
  BSUB_RETURN_IF_ERROR(CheckNumber("ranks per node", gang.ranks_per_node, 1, kMostRanks));
  BSUB_RETURN_IF_ERROR(CheckNumber("threads per rank", gang.threads_per_rank, 1, kMostRanks));
  return Validate(gang.placement, gang.nodes);
}

Status Validate(const std::vector<NodeRange>& ranges, const GangSpec& gang) {
  BSUB_RETURN_IF_ERROR(
      CheckNumber("node ranges", static_cast<std::int64_t>(ranges.size()), 0, kMostNodeRanges));
  for (const NodeRange& range : ranges) {
    const std::string name = "node range " + ToString(PartRange{range.first, range.last});
    if (range.first > range.last || range.first >= gang.nodes ||
        (range.last != NodeRange::kOpen && range.last >= gang.nodes)) {
      return InvalidArgument(name + ": the job has the nodes 0 to " + std::to_string(gang.nodes - 1));
    }
    if (range.command.empty()) return InvalidArgument(name + ": has no command");
  }
  if (!ranges.empty() && gang.has_steps())
    return InvalidArgument("node ranges: this job runs its command on the main node only; leave out one");
  return OkStatus();
}

const PayloadHash& CommandOf(std::uint32_t part, const PayloadHash& common,
                             const std::vector<NodeRange>& ranges) {
  const PayloadHash* command = &common;
  for (const NodeRange& range : ranges) {
    if (range.first <= part && part <= range.last) command = &range.command;
  }
  return *command;
}

std::string Describe(const GangSpec& gang) {
  std::string text;
  const auto add = [&text](const std::string& more) { text += (text.empty() ? "" : ", ") + more; };
  const std::string least = gang.min_nodes == 0 ? "" : std::to_string(gang.min_nodes) + " to ";
  if (gang.nodes > 1) add(least + std::to_string(gang.nodes) + " nodes");
  if (gang.ranks_per_node > 1) add(Count(gang.ranks_per_node, "rank", "ranks") + " on each");
  if (gang.threads_per_rank > 1) add(Count(gang.threads_per_rank, "thread", "threads") + " in each rank");
  if (gang.exclusive) add(gang.nodes > 1 ? "whole nodes" : "a whole node");
  if (gang.has_steps()) add(gang.launch == GangLaunch::kRanks ? "MPI" : "started on its main node");
  if (gang.end == GangEnd::kMain) add("ends with its main node");
  const PlacementSpec& placement = gang.placement;
  if (placement.policy != PlacementPolicy::kNone) add("placement " + ToString(placement));
  if (!placement.group.empty()) add("placement group " + placement.group);
  if (!placement.features.empty()) add("features " + JoinFeatures(placement.features));
  if (!placement.preferred_features.empty()) add("if possible " + JoinFeatures(placement.preferred_features));
  return text;
}

}  // namespace bsub
