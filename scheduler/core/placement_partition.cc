// Partitions that share no rack. Dividing racks so that each partition gets enough is bin covering: first the
// simple way, which nearly always does, then a search that is exact as long as its steps last.
#include <algorithm>
#include <map>
#include <set>

#include "scheduler/core/placement_view.h"

namespace bsub::sched {
namespace {

constexpr std::uint32_t kNobody = static_cast<std::uint32_t>(-1);

// For each rack, the partition that gets it; nothing if they cannot be covered. `needs` may hold zeros.
class Covering {
 public:
  Covering(std::vector<std::uint32_t> sizes, std::vector<std::uint32_t> needs, std::uint64_t& steps)
      : sizes_(std::move(sizes)), needs_(std::move(needs)), steps_(steps), owner_(sizes_.size(), kNobody) {}

  std::optional<std::vector<std::uint32_t>> Run() {
    if (Simply()) return owner_;
    owner_.assign(sizes_.size(), kNobody);
    std::uint64_t left = 0;
    for (const std::uint32_t size : sizes_) left += size;
    if (Search(0, left)) return owner_;
    return std::nullopt;
  }

 private:
  // Each in turn: the smallest rack that is enough, else the largest one and on. `sizes_` falls.
  bool Simply() {
    for (std::uint32_t p = 0; p < needs_.size(); ++p) {
      std::uint32_t need = needs_[p];
      while (need > 0) {
        std::size_t pick = sizes_.size();
        for (std::size_t i = 0; i < sizes_.size(); ++i) {
          if (owner_[i] != kNobody) continue;
          if (pick == sizes_.size() || sizes_[i] >= need) pick = i;
          if (sizes_[i] < need) break;
        }
        if (pick == sizes_.size()) return false;
        owner_[pick] = p;
        need -= std::min(need, sizes_[pick]);
      }
    }
    return true;
  }

  bool Search(std::size_t i, std::uint64_t left) {
    std::uint64_t missing = 0;
    for (const std::uint32_t need : needs_) missing += need;
    if (missing == 0) return true;
    if (missing > left || i == sizes_.size() || steps_ == 0) return false;
    --steps_;
    std::set<std::uint32_t> tried;  // partitions that miss as many are alike
    for (std::uint32_t p = 0; p < needs_.size(); ++p) {
      const std::uint32_t need = needs_[p];
      if (need == 0 || !tried.insert(need).second) continue;
      needs_[p] -= std::min(need, sizes_[i]);
      owner_[i] = p;
      if (Search(i + 1, left - sizes_[i])) return true;
      needs_[p] = need;
    }
    owner_[i] = kNobody;
    return false;
  }

  const std::vector<std::uint32_t> sizes_;
  std::vector<std::uint32_t> needs_;
  std::uint64_t& steps_;
  std::vector<std::uint32_t> owner_;
};

class Partitions {
 public:
  Partitions(const PlacementView& view, std::uint32_t count, std::uint32_t partitions,
             const std::vector<GroupMember>& members, const PlacementLimits& limits)
      : view_(view), count_(count), partitions_(partitions), steps_(limits.partition_steps) {
    for (const GroupMember& member : members) {
      const SwitchIndex rack = view.topology().node(member.node).rack;
      const auto [it, is_new] = owner_.emplace(rack, member.partition);
      if (!is_new && it->second != member.partition) it->second = kNobody;
    }
  }

  std::optional<std::vector<std::vector<RackShare>>> Run() {
    const Topology& topology = view_.topology();
    for (std::uint32_t height = 1; height <= topology.top_height(); ++height) {
      const auto [begin, end] = topology.SwitchesAt(height);
      std::vector<SwitchIndex> candidates;
      for (SwitchIndex s = begin; s < end; ++s) {
        if (view_.Free(s) >= count_) candidates.push_back(s);
      }
      std::stable_sort(candidates.begin(), candidates.end(),
                       [&](SwitchIndex a, SwitchIndex b) { return view_.Free(a) < view_.Free(b); });
      for (const SwitchIndex s : candidates) {
        if (auto found = Below(s)) return found;
      }
    }
    return std::nullopt;
  }

 private:
  using Shares = std::vector<std::vector<RackShare>>;

  static void Give(Shares& shares, std::vector<std::uint32_t>& needs, std::uint32_t p, SwitchIndex rack,
                   std::uint32_t free) {
    const std::uint32_t taken = std::min(needs[p], free);
    if (taken == 0) return;
    shares[p].push_back({rack, taken});
    needs[p] -= taken;
  }

  // First the racks that the partitions have already, then free ones.
  std::optional<Shares> Below(SwitchIndex s) {
    Shares shares(partitions_);
    std::vector<std::uint32_t> needs(partitions_);
    for (std::uint32_t p = 0; p < partitions_; ++p) needs[p] = PartitionSize(count_, partitions_, p);
    const auto [first, end] = view_.RacksOf(s);
    std::vector<SwitchIndex> racks;
    for (SwitchIndex rack = first; rack < end; ++rack) {
      if (view_.Free(rack) == 0) continue;
      const auto owner = owner_.find(rack);
      if (owner == owner_.end()) {
        racks.push_back(rack);
      } else if (owner->second < partitions_) {
        Give(shares, needs, owner->second, rack, view_.Free(rack));
      }
    }
    std::stable_sort(racks.begin(), racks.end(),
                     [&](SwitchIndex a, SwitchIndex b) { return view_.Free(a) > view_.Free(b); });
    std::vector<std::uint32_t> sizes;
    for (const SwitchIndex rack : racks) sizes.push_back(view_.Free(rack));
    const auto owners = Covering(std::move(sizes), needs, steps_).Run();
    if (!owners) return std::nullopt;
    for (std::size_t i = 0; i < racks.size(); ++i) {
      if ((*owners)[i] != kNobody) Give(shares, needs, (*owners)[i], racks[i], view_.Free(racks[i]));
    }
    return shares;
  }

  const PlacementView& view_;
  const std::uint32_t count_, partitions_;
  std::uint64_t steps_;
  std::map<SwitchIndex, std::uint32_t> owner_;  // of racks where the group's members are
};

}  // namespace

std::optional<std::vector<std::vector<RackShare>>> PlacePartition(const PlacementView& view,
                                                                  std::uint32_t count,
                                                                  std::uint32_t partitions,
                                                                  const std::vector<GroupMember>& members,
                                                                  const PlacementLimits& limits) {
  return Partitions(view, count, partitions, members, limits).Run();
}

}  // namespace bsub::sched
