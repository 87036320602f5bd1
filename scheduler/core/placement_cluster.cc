// The lowest common switch and the fewest hops.
//
// Each switch below the common one saves every pair that it holds two hops, so the sum of hops is least where
// the sum of pairs over these switches is greatest. For racks below one switch that has a simple answer:
// pairs grow faster than nodes, so whole racks are taken, the largest first, and the rest from one rack (any
// other choice can be improved by moving a node from a smaller share to a larger). Over several levels, and
// where members of a placement group are there already, it is searched for: the best for each number of
// nodes, child by child. Beside the pairs the search minimises what it breaks up; both are in one number.
#include <algorithm>
#include <limits>

#include "common/check.h"
#include "scheduler/core/placement_view.h"

namespace bsub::sched {
namespace {

// One number for what counts: pairs that are saved hops, then idle racks broken up, then nodes left over in
// racks that were begun. Gangs above kMostExact are not searched for, so that they fit.
constexpr std::int64_t kBroken = std::int64_t{1} << 20;
constexpr std::int64_t kPair = kBroken << 13;
constexpr std::uint32_t kMostExact = 1U << 13;
constexpr std::int64_t kWorst = std::numeric_limits<std::int64_t>::min();

constexpr std::int64_t Pairs(std::int64_t n) { return n < 2 ? 0 : n * (n - 1) / 2; }

using Values = std::vector<std::int64_t>;  // by the number of nodes taken

class ClusterSearch {
 public:
  ClusterSearch(const PlacementView& view, std::uint32_t count, const std::vector<GroupMember>& members,
                const PlacementLimits& limits)
      : view_(view), topology_(view.topology()), count_(count), limits_(limits) {
    if (members.empty()) return;
    members_.assign(topology_.switch_count(), 0);
    for (const GroupMember& member : members) {
      for (SwitchIndex s = topology_.node(member.node).rack;; s = topology_.at(s).parent) {
        ++members_[s];
        if (s == 0) break;
      }
    }
    all_members_ = static_cast<std::uint32_t>(members.size());
  }

  std::optional<std::vector<RackShare>> Run(std::uint32_t max_height) {
    for (std::uint32_t height = 1; height <= max_height; ++height) {
      const auto [begin, end] = topology_.SwitchesAt(height);
      std::vector<SwitchIndex> candidates;
      for (SwitchIndex s = begin; s < end; ++s) {
        if (view_.Free(s) >= count_ && Members(s) == all_members_) candidates.push_back(s);
      }
      if (!candidates.empty()) return BestOf(candidates);
    }
    return std::nullopt;
  }

 private:
  std::uint32_t Members(SwitchIndex s) const { return members_.empty() ? 0 : members_[s]; }
  std::uint32_t Most(SwitchIndex s) const { return std::min(count_, view_.Free(s)); }

  // Of equal ones the fullest switch, then the first.
  std::vector<RackShare> BestOf(const std::vector<SwitchIndex>& candidates) {
    std::uint64_t steps = 0;
    for (const SwitchIndex s : candidates) steps += Steps(s);
    exact_ = steps <= limits_.hop_steps && count_ + all_members_ <= kMostExact;
    SwitchIndex best = candidates.front();
    std::int64_t best_value = kWorst;
    for (const SwitchIndex s : candidates) {
      if (candidates.size() == 1) break;  // nothing to compare
      const std::int64_t value = Value(s);
      if (value > best_value || (value == best_value && view_.Free(s) < view_.Free(best)))
        best = s, best_value = value;
    }
    std::vector<RackShare> shares;
    Divide(best, count_, shares);
    return shares;
  }

  std::int64_t Value(SwitchIndex s) {
    if (topology_.at(s).height == 1) return Cost(s, count_);
    if (Simple(s)) return SimpleValue(s, count_);
    return Best(s).back();
  }

  // Whether the largest children are filled first, rather than searching.
  bool Simple(SwitchIndex s) const { return !exact_ || (topology_.at(s).height == 2 && Members(s) == 0); }

  // An upper bound of what Best costs here and below.
  std::uint64_t Steps(SwitchIndex s) const {
    if (topology_.at(s).height == 1) return 0;
    const Topology::Switch& at = topology_.at(s);
    if (at.height == 2 && Members(s) == 0) return std::uint64_t{Most(s)} * (at.end_child - at.first_child);
    std::uint64_t steps = 0, so_far = 0;
    for (SwitchIndex child = at.first_child; child < at.end_child; ++child) {
      so_far = std::min<std::uint64_t>(count_, so_far + Most(child));
      steps += Steps(child) + so_far * (Most(child) + 1);
    }
    return steps;
  }

  // What taking `taken` nodes of a rack breaks up, as a value (never positive).
  std::int64_t Cost(SwitchIndex rack, std::uint32_t taken) const {
    if (taken == 0) return 0;
    const std::uint32_t left = view_.Free(rack) - taken;
    return -(left > 0 && view_.Whole(rack) ? kBroken : 0) - std::int64_t{left};
  }

  // Pairs with members count too.
  std::int64_t Saved(SwitchIndex s, std::uint32_t taken) const {
    const std::int64_t there = Members(s);
    return kPair * (Pairs(there + taken) - Pairs(there));
  }

  // Children that have room, in the order in which they are filled.
  std::vector<SwitchIndex> FillOrder(SwitchIndex s) const {
    const Topology::Switch& at = topology_.at(s);
    std::vector<SwitchIndex> children;
    for (SwitchIndex child = at.first_child; child < at.end_child; ++child) {
      if (view_.Free(child) > 0) children.push_back(child);
    }
    std::sort(children.begin(), children.end(), [&](SwitchIndex a, SwitchIndex b) {
      if (view_.Free(a) != view_.Free(b)) return view_.Free(a) > view_.Free(b);
      if (view_.Whole(a) != view_.Whole(b)) return view_.Whole(a);  // taken as a whole it is not broken up
      return a < b;
    });
    return children;
  }

  // Which of the children from `from` on gives the rest: it breaks up the least and fits best.
  SwitchIndex ForRest(const std::vector<SwitchIndex>& order, std::size_t from, std::uint32_t rest) const {
    SwitchIndex best = order[from];
    for (std::size_t i = from; i < order.size() && view_.Free(order[i]) >= rest; ++i) {
      const std::int64_t cost = Cost(order[i], rest), least = Cost(best, rest);
      if (cost > least || (cost == least && order[i] < best)) best = order[i];
    }
    return best;
  }

  // Calls f(child, taken) for each child that gives some of `taken`.
  template <typename F>
  void Fill(const std::vector<SwitchIndex>& order, std::uint32_t taken, F f) const {
    for (std::size_t i = 0; taken > 0; ++i) {
      const std::uint32_t free = view_.Free(order[i]);
      if (free > taken) return f(ForRest(order, i, taken), taken);
      f(order[i], free);
      taken -= free;
    }
  }

  std::int64_t SimpleValue(SwitchIndex s, std::uint32_t taken) const {
    std::int64_t value = 0;
    Fill(FillOrder(s), taken, [&](SwitchIndex child, std::uint32_t n) {
      // In 64 bits also for gangs that are too large to be searched for.
      value += (exact_ ? Saved(child, n) : Pairs(n)) + (exact_ ? Cost(child, n) : 0);
    });
    return value;
  }

  Values SimpleValues(SwitchIndex s) const {
    const std::vector<SwitchIndex> order = FillOrder(s);
    Values values(Most(s) + 1, 0);
    for (std::uint32_t taken = 1; taken < values.size(); ++taken) {
      Fill(order, taken,
           [&](SwitchIndex child, std::uint32_t n) { values[taken] += Saved(child, n) + Cost(child, n); });
    }
    return values;
  }

  // The best for each number of nodes below a switch; without the pairs that the switch itself saves.
  Values Best(SwitchIndex s) const {
    if (topology_.at(s).height == 1) {
      Values values(Most(s) + 1);
      for (std::uint32_t n = 0; n < values.size(); ++n) values[n] = Cost(s, n);
      return values;
    }
    if (Simple(s)) return SimpleValues(s);
    return Merged(s, nullptr);
  }

  Values AsChild(SwitchIndex s) const {
    Values values = Best(s);
    for (std::uint32_t n = 0; n < values.size(); ++n) values[n] += Saved(s, n);
    return values;
  }

  // `splits`, if given: for each child, how many it gives when it and those before it give n.
  Values Merged(SwitchIndex s, std::vector<std::vector<std::uint32_t>>* splits) const {
    const Topology::Switch& at = topology_.at(s);
    Values sum = {0};
    for (SwitchIndex child = at.first_child; child < at.end_child; ++child) {
      const Values more = AsChild(child);
      Values next(std::min<std::size_t>(count_, sum.size() + more.size() - 2) + 1, kWorst);
      std::vector<std::uint32_t> split(splits != nullptr ? next.size() : 0);
      for (std::uint32_t n = 0; n < more.size(); ++n) {
        const std::size_t end = std::min(sum.size(), next.size() - n);
        for (std::size_t i = 0; i < end; ++i) {
          const std::int64_t value = sum[i] + more[n];
          if (value <= next[i + n]) continue;
          next[i + n] = value;
          if (splits != nullptr) split[i + n] = n;
        }
      }
      sum = std::move(next);
      if (splits != nullptr) splits->push_back(std::move(split));
    }
    return sum;
  }

  void Divide(SwitchIndex s, std::uint32_t taken, std::vector<RackShare>& shares) const {
    if (taken == 0) return;
    if (topology_.at(s).height == 1) return shares.push_back({s, taken});
    if (Simple(s)) {
      Fill(FillOrder(s), taken, [&](SwitchIndex child, std::uint32_t n) { Divide(child, n, shares); });
      return;
    }
    std::vector<std::vector<std::uint32_t>> splits;
    Merged(s, &splits);
    for (std::size_t i = splits.size(); i-- > 0;) {
      const std::uint32_t n = splits[i][taken];
      Divide(topology_.at(s).first_child + static_cast<SwitchIndex>(i), n, shares);
      taken -= n;
    }
  }

  const PlacementView& view_;
  const Topology& topology_;
  const std::uint32_t count_;
  const PlacementLimits& limits_;
  std::vector<std::uint32_t> members_;  // below each switch; empty: there are none
  std::uint32_t all_members_ = 0;
  bool exact_ = true;
};

}  // namespace

std::optional<std::vector<RackShare>> PlaceCluster(const PlacementView& view, std::uint32_t count,
                                                   const std::vector<GroupMember>& members,
                                                   std::uint32_t max_height, const PlacementLimits& limits) {
  return ClusterSearch(view, count, members, limits).Run(max_height);
}

}  // namespace bsub::sched
