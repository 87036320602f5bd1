#include "scheduler/core/placement_record.h"

#include <algorithm>
#include <array>
#include <utility>

#include "jobs/text.h"

namespace bsub::sched {
namespace {

Reach ReachOf(const Prediction& prediction) {
  return {prediction.leaf_switches, prediction.hops, prediction.latency_ns, prediction.bandwidth};
}

// In the largest of units a thousand apart that `value` reaches; rounded down.
std::string InUnits(std::int64_t value, const std::array<std::string_view, 5>& units) {
  std::size_t unit = 0;
  std::int64_t scale = 1;
  while (unit + 1 < units.size() && !units[unit + 1].empty() && value / scale >= 1000) ++unit, scale *= 1000;
  std::string text = std::to_string(value / scale);
  if (scale > 1) {
    std::string decimals = std::to_string(1000 + value % scale / (scale / 1000)).substr(1);
    while (!decimals.empty() && decimals.back() == '0') decimals.pop_back();
    if (!decimals.empty()) text += "." + decimals;
  }
  return text + std::string(units[unit]);
}

std::string Words(const Reach& reach) {
  return Count(reach.hops, "hop", "hops") + ", " + LatencyText(reach.latency_ns) + ", " +
         BandwidthText(reach.bandwidth) + " a pair";
}

}  // namespace

std::string LatencyText(std::int64_t nanoseconds) {
  return InUnits(nanoseconds, {"ns", "us", "ms", "s", ""});
}

std::string BandwidthText(std::int64_t bytes_per_second) {
  constexpr std::int64_t kMost = std::int64_t{1} << 59;
  return InUnits(8 * std::min(bytes_per_second, kMost), {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"});
}

PlacementRecord RecordOf(const Topology& topology, PlacementPolicy policy, const Placement& placement) {
  PlacementRecord record;
  record.policy = policy;
  record.kept = placement.policy_kept;
  record.level = topology.level(topology.at(placement.predicted.common).height).name;
  record.path = topology.PathOf(placement.predicted.common);
  record.got = ReachOf(placement.predicted);
  record.best = ReachOf(placement.best);
  record.partitions = placement.partitions;
  return record;
}

std::string Describe(const PlacementRecord& record) {
  std::string text = "placement " + std::string(ToString(record.policy));
  if (!record.kept) text += ", which could not be kept";
  text += ": below " + record.level + " " + record.path;
  if (record.got.racks > 1) text += ", on " + Count(record.got.racks, "rack", "racks");
  text += ", " + Words(record.got);
  return text + (record.got == record.best ? ", as good as it can be"
                                           : "; at best it would be " + Words(record.best));
}

}  // namespace bsub::sched
