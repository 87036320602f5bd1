#include "scheduler/core/placement.h"

#include <algorithm>

#include "common/check.h"
#include "jobs/text.h"
#include "scheduler/core/placement_view.h"

namespace bsub::sched {
namespace {

// What was chosen, before it is described.
struct Chosen {
  std::vector<NodeIndex> nodes;
  std::vector<std::uint32_t> partitions;
  bool policy_kept = true;
};

PlacementPolicy PolicyOf(const PlacementRequest& request) {
  return request.mode == PlacementMode::kOff ? PlacementPolicy::kNone : request.policy;
}

bool HoldsAll(const Topology::Switch& at, const std::vector<GroupMember>& members) {
  return std::all_of(members.begin(), members.end(), [&](const GroupMember& member) {
    return at.first_node <= member.node && member.node < at.end_node;
  });
}

// The lowest height at which an idle cluster would have so many suitable nodes below one switch (with the
// group's members below it as well).
std::uint32_t HeightWhenIdle(const PlacementView& view, const PlacementRequest& request) {
  const Topology& topology = view.topology();
  for (std::uint32_t height = 1; height < topology.top_height(); ++height) {
    const auto [begin, end] = topology.SwitchesAt(height);
    for (SwitchIndex s = begin; s < end; ++s) {
      if (view.Suitable(s) >= request.nodes && HoldsAll(topology.at(s), request.members)) return height;
    }
  }
  return topology.top_height();
}

std::optional<Chosen> FromShares(const PlacementView& view, std::optional<std::vector<RackShare>> shares) {
  if (!shares) return std::nullopt;
  return Chosen{TakeShares(view, std::move(*shares)), {}, true};
}

std::optional<Chosen> KeepPartitions(const PlacementView& view, const PlacementRequest& request) {
  auto parts = PlacePartition(view, request.nodes, request.partitions, request.members, request.limits);
  if (!parts) return std::nullopt;
  Chosen chosen;
  for (std::uint32_t p = 0; p < parts->size(); ++p) {
    const std::vector<NodeIndex> nodes = TakeShares(view, std::move((*parts)[p]));
    chosen.nodes.insert(chosen.nodes.end(), nodes.begin(), nodes.end());
    chosen.partitions.insert(chosen.partitions.end(), nodes.size(), p);
  }
  return chosen;
}

// As the policy wants, or nothing.
std::optional<Chosen> KeepPolicy(const PlacementView& view, const PlacementRequest& request) {
  switch (PolicyOf(request)) {
    case PlacementPolicy::kNone:
      return FromShares(view, PlaceAnywhere(view, request.nodes));
    case PlacementPolicy::kCluster:
      return FromShares(view, PlaceCluster(view, request.nodes, request.members,
                                           HeightWhenIdle(view, request), request.limits));
    case PlacementPolicy::kSpread:
      return FromShares(view, PlaceSpread(view, request.nodes, request.members, request.limits));
    case PlacementPolicy::kPartition:
      return KeepPartitions(view, request);
  }
  return std::nullopt;
}

std::optional<Chosen> Choose(const PlacementView& view, const PlacementRequest& request) {
  if (view.Free(0) < request.nodes) return std::nullopt;
  auto chosen = KeepPolicy(view, request);
  if (chosen || request.mode != PlacementMode::kPreferred) return chosen;
  chosen = FromShares(view, PolicyOf(request) == PlacementPolicy::kCluster
                                ? PlaceCluster(view, request.nodes, request.members,
                                               view.topology().top_height(), request.limits)
                                : PlaceAnywhere(view, request.nodes));
  if (chosen) chosen->policy_kept = false;
  return chosen;
}

void Restrict(const Topology& topology, std::string_view feature, std::vector<bool>& suitable) {
  const bool without = feature.starts_with('!');
  const std::vector<bool> with = topology.WithFeature(without ? feature.substr(1) : feature);
  for (std::size_t i = 0; i < suitable.size(); ++i) suitable[i] = suitable[i] && with[i] != without;
}

std::vector<bool> SuitableFor(const Topology& topology, std::span<const NodeRoom> room,
                              const PlacementRequest& request) {
  std::vector<bool> suitable(topology.node_count());
  for (NodeIndex i = 0; i < suitable.size(); ++i) suitable[i] = room[i] != NodeRoom::kUnable;
  for (const std::string& feature : request.required) Restrict(topology, feature, suitable);
  return suitable;
}

PlacementRefusal Refuse(RefusalReason reason, const PlacementRequest& request, std::string message) {
  PlacementRefusal refusal;
  refusal.reason = reason;
  refusal.asked = request.nodes;
  refusal.message = std::move(message);
  return refusal;
}

std::optional<PlacementRefusal> CheckRequest(const Topology& topology, const PlacementRequest& request) {
  const auto bad = [&](std::string message) {
    return Refuse(RefusalReason::kBadRequest, request, std::move(message));
  };
  if (request.nodes == 0) return bad("nodes is 0; expected at least 1");
  if (PolicyOf(request) == PlacementPolicy::kPartition && request.partitions == 0)
    return bad("placement partition: expected a number of partitions, such as partition=3");
  if (std::string contrary = FindContrary(request.required, request.required); !contrary.empty())
    return bad(std::move(contrary));
  for (const GroupMember& member : request.members) BSUB_CHECK(member.node < topology.node_count());
  return std::nullopt;
}

std::string LeastCommon(const Topology& topology, const PlacementRequest& request) {
  std::string least;
  std::size_t fewest = topology.node_count() + std::size_t{1};
  for (const std::string& feature : request.required) {
    std::vector<bool> suitable(topology.node_count(), true);
    Restrict(topology, feature, suitable);
    const auto count = static_cast<std::size_t>(std::count(suitable.begin(), suitable.end(), true));
    if (count < fewest) fewest = count, least = feature;
  }
  return least;
}

std::vector<NodeRoom> AllIdle(const Topology& topology) {
  return std::vector<NodeRoom>(topology.node_count(), NodeRoom::kIdle);
}

std::string PolicyWords(const PlacementRequest& request) {
  std::string words(ToString(PolicyOf(request)));
  if (PolicyOf(request) == PlacementPolicy::kPartition) words += "=" + std::to_string(request.partitions);
  return words;
}

// Why the policy cannot be kept though there is room: now, or if not `ever`, in the view of an idle cluster.
std::string WhyNot(const PlacementView& view, const PlacementRequest& request, bool ever) {
  const std::string now = ever ? " now" : ", not even on an idle cluster";
  const std::string head = "placement " + PolicyWords(request) + ": ";
  switch (PolicyOf(request)) {
    case PlacementPolicy::kCluster: {
      const std::uint32_t height = HeightWhenIdle(view, request);
      const auto [begin, end] = view.topology().SwitchesAt(height);
      std::uint32_t most = 0;
      for (SwitchIndex s = begin; s < end; ++s) most = std::max(most, view.Free(s));
      return head + "no " + view.topology().level(height).name + " has " + CountNodes(request.nodes) +
             " with room" + now + "; the most that one has is " + std::to_string(most);
    }
    case PlacementPolicy::kSpread: {
      const auto [first, end] = view.RacksOf(0);
      std::uint32_t racks = 0;
      for (SwitchIndex rack = first; rack < end; ++rack) racks += view.Free(rack) > 0 ? 1 : 0;
      return head + CountNodes(request.nodes) + " need as many racks, at most " +
             std::to_string(request.limits.spread_per_zone) + " in a zone; " +
             (ever ? Count(racks, "rack has", "racks have") + " room now"
                   : "even on an idle cluster " + Count(racks, "rack has", "racks have") + " room");
    }
    default:
      return head + "the racks with room cannot be divided into " +
             Count(request.partitions, "partition", "partitions") + " of " + CountNodes(request.nodes) +
             " that share none" + now;
  }
}

PlacementRefusal Refusal(const Topology& topology, std::span<const NodeRoom> room, const PlacementView& view,
                         const PlacementRequest& request) {
  PlacementRefusal refusal;
  refusal.asked = request.nodes;
  refusal.exist = topology.node_count();
  refusal.suitable = view.Suitable(0);
  refusal.with_room = view.Free(0);
  const std::string asked = CountNodes(request.nodes);
  if (refusal.exist < refusal.asked) {
    refusal.reason = RefusalReason::kMoreThanExist;
    refusal.message = asked + " asked for, the cluster has " + std::to_string(refusal.exist);
  } else if (refusal.suitable < refusal.asked) {
    refusal.reason = RefusalReason::kMoreThanSuitable;
    refusal.missing_feature = LeastCommon(topology, request);
    refusal.message =
        asked + " asked for, " + std::to_string(refusal.suitable) + " of " + std::to_string(refusal.exist) +
        (request.required.empty() ? " could take its part"
                                  : " have the features; the rarest is " + Quoted(refusal.missing_feature));
  } else if (refusal.with_room < refusal.asked) {
    refusal.reason = RefusalReason::kNoRoom;
    refusal.message = asked + " asked for, " + std::to_string(refusal.with_room) + " of " +
                      std::to_string(refusal.suitable) + " suitable have room";
  } else {
    const std::vector<NodeRoom> idle = AllIdle(topology);
    PlacementRequest alone = request;
    alone.members.clear();  // what runs of its group ends as well
    const PlacementView when_idle(topology, idle, SuitableFor(topology, room, request));
    const bool ever = KeepPolicy(when_idle, alone).has_value();
    refusal.reason = ever ? RefusalReason::kPolicy : RefusalReason::kPolicyImpossible;
    refusal.message = WhyNot(ever ? view : when_idle, request, ever);
  }
  return refusal;
}

// Each preference in turn, if it does not cost a higher switch or the policy.
Chosen KeepPreferences(const Topology& topology, std::span<const NodeRoom> room,
                       const PlacementRequest& request, std::vector<bool> suitable, Chosen chosen,
                       std::vector<std::string>& kept) {
  for (const std::string& feature : request.preferred) {
    std::vector<bool> narrower = suitable;
    Restrict(topology, feature, narrower);
    // The policy's bound is that of all suitable nodes, so the narrower choice must be as good, not only
    // allowed.
    auto other = Choose(PlacementView(topology, room, narrower), request);
    if (!other || (chosen.policy_kept && !other->policy_kept)) continue;
    if (topology.Predict(other->nodes).height > topology.Predict(chosen.nodes).height) continue;
    chosen = std::move(*other);
    suitable = std::move(narrower);
    kept.push_back(feature);
  }
  return chosen;
}

Prediction BestWhenIdle(const Topology& topology, std::span<const NodeRoom> room,
                        const PlacementRequest& request) {
  const std::vector<NodeRoom> idle = AllIdle(topology);
  const PlacementView view(topology, idle, SuitableFor(topology, room, request));
  const auto shares = PlaceCluster(view, request.nodes, {}, topology.top_height(), request.limits);
  BSUB_CHECK(shares.has_value());
  return topology.Predict(TakeShares(view, *shares));
}

}  // namespace

tl::expected<Placement, PlacementRefusal> Place(const Topology& topology, std::span<const NodeRoom> room,
                                                const PlacementRequest& request) {
  if (auto bad = CheckRequest(topology, request)) return tl::unexpected(std::move(*bad));
  std::vector<bool> suitable = SuitableFor(topology, room, request);
  const PlacementView view(topology, room, suitable);
  auto chosen = Choose(view, request);
  if (!chosen) return tl::unexpected(Refusal(topology, room, view, request));
  Placement placement;
  *chosen = KeepPreferences(topology, room, request, std::move(suitable), std::move(*chosen),
                            placement.preferences_kept);
  placement.nodes = std::move(chosen->nodes);
  placement.partitions = std::move(chosen->partitions);
  placement.policy_kept = chosen->policy_kept;
  placement.predicted = topology.Predict(placement.nodes);
  placement.best = BestWhenIdle(topology, room, request);
  return placement;
}

namespace {

bool Fits(const PlacementView& view, PlacementRequest request, std::uint32_t nodes) {
  request.nodes = nodes;
  return Choose(view, request).has_value();
}

// The most nodes, from `least` up to `most`, that the policy can place; 0: none of these.
class MostSearch {
 public:
  MostSearch(const PlacementView& view, const PlacementRequest& request, std::uint32_t least,
             std::uint32_t most)
      : view_(view), request_(request), least_(least), most_(std::min(most, view.Free(0))) {}

  std::uint32_t Run() {
    if (least_ > most_) return 0;
    return PolicyOf(request_) == PlacementPolicy::kCluster ? ByHeights() : ByHalves();
  }
  std::uint32_t tries() const { return tries_; }

 private:
  bool Try(std::uint32_t nodes) {
    ++tries_;
    return Fits(view_, request_, nodes);
  }

  // Fewer nodes are not always easier: a required cluster of fewer nodes must stay below a lower switch. But
  // of those that must stay below switches of one height none fits if the most that one has room for does
  // not.
  std::uint32_t ByHeights() {
    std::uint32_t tried = 0;
    for (std::uint32_t height = view_.topology().top_height(); height >= 1; --height) {
      const std::uint32_t nodes = std::min(most_, MostFree(height));
      if (nodes < least_) return 0;
      if (nodes == tried) continue;
      if (Try(nodes)) return nodes;
      tried = nodes;
    }
    return 0;
  }

  // Below one switch of this height, with the group's members below it as well.
  std::uint32_t MostFree(std::uint32_t height) const {
    const auto [begin, end] = view_.topology().SwitchesAt(height);
    std::uint32_t free = 0;
    for (SwitchIndex s = begin; s < end; ++s) {
      if (HoldsAll(view_.topology().at(s), request_.members)) free = std::max(free, view_.Free(s));
    }
    return free;
  }

  // What can be kept by some can be kept by fewer.
  std::uint32_t ByHalves() {
    if (Try(most_)) return most_;
    std::uint32_t fits = least_ - 1, fails = most_;
    while (fails - fits > 1) {
      const std::uint32_t middle = fits + (fails - fits) / 2;
      (Try(middle) ? fits : fails) = middle;
    }
    return fits < least_ ? 0 : fits;
  }

  const PlacementView& view_;
  const PlacementRequest& request_;
  const std::uint32_t least_, most_;
  std::uint32_t tries_ = 0;
};

}  // namespace

bool CanPlace(const Topology& topology, std::span<const NodeRoom> room, const PlacementRequest& request) {
  if (CheckRequest(topology, request)) return false;
  return Choose(PlacementView(topology, room, SuitableFor(topology, room, request)), request).has_value();
}

PlacedMost PlaceMost(const Topology& topology, std::span<const NodeRoom> room,
                     const PlacementRequest& request, std::uint32_t most) {
  if (most <= request.nodes || CheckRequest(topology, request)) return {Place(topology, room, request)};
  const PlacementView view(topology, room, SuitableFor(topology, room, request));
  MostSearch search(view, request, request.nodes, most);
  PlacementRequest found = request;
  found.nodes = std::max(search.Run(), request.nodes);
  return {Place(topology, room, found), search.tries() + 1};
}

PlacementAdvice AdvisePlacement(const Topology& topology, std::span<const NodeRoom> room,
                                const PlacementRequest& request) {
  PlacementAdvice advice;
  if (CheckRequest(topology, request)) return advice;
  const PlacementView view(topology, room, SuitableFor(topology, room, request));
  if (request.nodes > 1) advice.nodes = MostSearch(view, request, 1, request.nodes - 1).Run();
  for (const PlacementPolicy policy :
       {PlacementPolicy::kCluster, PlacementPolicy::kSpread, PlacementPolicy::kNone}) {
    PlacementRequest other = request;
    other.policy = policy;
    other.mode = PlacementMode::kRequired;
    other.members.clear();
    if (policy != PolicyOf(request) && Fits(view, other, request.nodes)) advice.policies.push_back(policy);
  }
  if (advice.nodes > 0) {
    advice.message = CountNodes(advice.nodes) + " would fit now";
    if (request.policy != PlacementPolicy::kNone) advice.message += " with placement " + PolicyWords(request);
  }
  for (const PlacementPolicy policy : advice.policies) {
    advice.message += std::string(advice.message.empty() ? "" : "; ") + "all " +
                      std::to_string(request.nodes) + " would fit with placement " +
                      std::string(ToString(policy));
  }
  return advice;
}

}  // namespace bsub::sched
