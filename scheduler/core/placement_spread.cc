// No two on one rack, at most so many in a zone; and, for no policy at all, wherever there is room.
#include <algorithm>
#include <map>
#include <set>

#include "scheduler/core/placement_view.h"

namespace bsub::sched {
namespace {

// Racks that are in use before idle ones, those with little room before those with much.
void SortByUse(const PlacementView& view, std::vector<SwitchIndex>& racks) {
  std::sort(racks.begin(), racks.end(), [&](SwitchIndex a, SwitchIndex b) {
    if (view.Whole(a) != view.Whole(b)) return view.Whole(b);
    if (view.Free(a) != view.Free(b)) return view.Free(a) < view.Free(b);
    return a < b;
  });
}

class Spread {
 public:
  Spread(const PlacementView& view, std::uint32_t count, const std::vector<GroupMember>& members,
         const PlacementLimits& limits)
      : view_(view), topology_(view.topology()), count_(count), per_zone_(limits.spread_per_zone) {
    // A tree without zones is one zone.
    zone_height_ = topology_.HeightOf("zone").value_or(topology_.top_height());
    if (zone_height_ == 0) zone_height_ = topology_.top_height();
    for (const GroupMember& member : members) {
      const SwitchIndex rack = topology_.node(member.node).rack;
      used_racks_.insert(rack);
      ++used_in_zone_[ZoneOf(rack)];
    }
  }

  std::optional<std::vector<RackShare>> Run() const {
    for (std::uint32_t height = 1; height <= topology_.top_height(); ++height) {
      const auto [begin, end] = topology_.SwitchesAt(height);
      std::optional<Choice> best;
      for (SwitchIndex s = begin; s < end; ++s) {
        auto choice = Below(s);
        if (choice && (!best || choice->cost < best->cost)) best = std::move(choice);
      }
      if (best) return std::move(best->shares);
    }
    return std::nullopt;
  }

 private:
  using Cost = std::pair<std::uint32_t, std::uint64_t>;  // idle racks broken up, nodes left over
  struct Choice {
    Cost cost;
    std::vector<RackShare> shares;
  };
  // Of one node of a rack.
  Cost CostOf(SwitchIndex rack) const {
    const std::uint32_t left = view_.Free(rack) - 1;
    return {left > 0 && view_.Whole(rack) ? 1 : 0, left};
  }
  SwitchIndex ZoneOf(SwitchIndex rack) const { return topology_.Ancestor(rack, zone_height_); }

  // Zones do not overlap, so taking the cheapest racks that are still allowed is best.
  std::optional<Choice> Below(SwitchIndex s) const {
    const auto [first, end] = view_.RacksOf(s);
    if (end - first < count_) return std::nullopt;
    std::vector<SwitchIndex> racks;
    for (SwitchIndex rack = first; rack < end; ++rack) {
      if (view_.Free(rack) > 0 && !used_racks_.contains(rack)) racks.push_back(rack);
    }
    if (racks.size() < count_) return std::nullopt;
    std::sort(racks.begin(), racks.end(), [&](SwitchIndex a, SwitchIndex b) {
      return CostOf(a) != CostOf(b) ? CostOf(a) < CostOf(b) : a < b;
    });
    Choice choice;
    std::map<SwitchIndex, std::uint32_t> in_zone = used_in_zone_;
    for (std::size_t i = 0; i < racks.size() && choice.shares.size() < count_; ++i) {
      if (in_zone[ZoneOf(racks[i])] >= per_zone_) continue;
      ++in_zone[ZoneOf(racks[i])];
      choice.cost.first += CostOf(racks[i]).first;
      choice.cost.second += CostOf(racks[i]).second;
      choice.shares.push_back({racks[i], 1});
    }
    if (choice.shares.size() < count_) return std::nullopt;
    return choice;
  }

  const PlacementView& view_;
  const Topology& topology_;
  const std::uint32_t count_, per_zone_;
  std::uint32_t zone_height_ = 0;
  std::set<SwitchIndex> used_racks_;
  std::map<SwitchIndex, std::uint32_t> used_in_zone_;
};

}  // namespace

std::optional<std::vector<RackShare>> PlaceSpread(const PlacementView& view, std::uint32_t count,
                                                  const std::vector<GroupMember>& members,
                                                  const PlacementLimits& limits) {
  return Spread(view, count, members, limits).Run();
}

std::optional<std::vector<RackShare>> PlaceAnywhere(const PlacementView& view, std::uint32_t count) {
  if (view.Free(0) < count) return std::nullopt;
  const auto [first, end] = view.RacksOf(0);
  std::vector<SwitchIndex> racks;
  for (SwitchIndex rack = first; rack < end; ++rack) {
    if (view.Free(rack) > 0) racks.push_back(rack);
  }
  SortByUse(view, racks);
  // Idle racks are the last, and the largest of them first: so the fewest are begun.
  const auto idle =
      std::partition_point(racks.begin(), racks.end(), [&](SwitchIndex rack) { return !view.Whole(rack); });
  std::stable_sort(idle, racks.end(),
                   [&](SwitchIndex a, SwitchIndex b) { return view.Free(a) > view.Free(b); });
  std::vector<RackShare> shares;
  for (auto it = racks.begin(); count > 0; ++it) {
    auto rack = it;
    if (it >= idle) {  // the rest comes from the one that it fits best
      while (rack + 1 != racks.end() && view.Free(rack[1]) >= count) ++rack;
    }
    const std::uint32_t taken = std::min(count, view.Free(*rack));
    shares.push_back({*rack, taken});
    count -= taken;
  }
  return shares;
}

}  // namespace bsub::sched
