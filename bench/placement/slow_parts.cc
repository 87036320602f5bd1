#include "bench/placement/slow_parts.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "bench/placement/statistics.h"
#include "common/picture/chart_scale.h"
#include "sim/fabric/promise.h"

namespace bsub::placement {
namespace {

using picture::ShortNumber;
using sched::NodeIndex;
using sched::SwitchIndex;
using sched::Topology;

struct ObservedPair {
  NodeIndex a = 0, b = 0;
  double seconds = 0, promised = 0;
  bool slow = false, explained = false;
  double times() const { return seconds / promised; }
};

// Something that all of a group of pairs have in common.
struct Suspect {
  SlowPart::Kind kind;
  std::uint32_t index;  // of the node or switch
};

struct Accusation {
  SlowPart part;
  std::uint32_t unexplained = 0;  // of its slow pairs: those that no other suspect explains so far
};

bool Below(const Topology& topology, NodeIndex node, SwitchIndex s) {
  return topology.at(s).first_node <= node && node < topology.at(s).end_node;
}

bool Concerns(const Topology& topology, const Suspect& suspect, const ObservedPair& pair) {
  if (suspect.kind == SlowPart::Kind::kNode) return pair.a == suspect.index || pair.b == suspect.index;
  return Below(topology, pair.a, suspect.index) != Below(topology, pair.b, suspect.index);
}

// By bytes, then by pair.
std::map<std::uint64_t, std::vector<ObservedPair>> Observe(const Topology& topology,
                                                           const std::vector<PolicyRuns>& study,
                                                           double tolerance) {
  std::map<std::uint64_t, std::map<std::pair<NodeIndex, NodeIndex>, std::vector<double>>> times;
  for (const PolicyRuns& policy : study) {
    for (const PlacedRun& run : policy.runs) {
      for (const PairTime& pair : PairTimes(run.measured)) {
        const auto a = topology.FindNode(run.measured.nodes[pair.first]);
        const auto b = topology.FindNode(run.measured.nodes[pair.second]);
        if (a && b) times[pair.bytes][std::minmax(*a, *b)].push_back(pair.seconds);
      }
    }
  }
  std::map<std::uint64_t, std::vector<ObservedPair>> observed;
  for (const auto& [bytes, pairs] : times) {
    for (const auto& [ends, seconds] : pairs) {
      ObservedPair pair{.a = ends.first, .b = ends.second, .seconds = Median(seconds)};
      pair.promised = sim::PromisedSeconds(sim::PromiseOf(topology, pair.a, pair.b), bytes);
      pair.slow = pair.times() > 1 + tolerance;
      observed[bytes].push_back(pair);
    }
  }
  return observed;
}

std::vector<Suspect> Suspects(const Topology& topology, const std::vector<ObservedPair>& pairs) {
  std::set<NodeIndex> nodes;
  std::set<SwitchIndex> switches;
  for (const ObservedPair& pair : pairs) {
    if (!pair.slow) continue;
    for (const NodeIndex node : {pair.a, pair.b}) {
      nodes.insert(node);
      for (SwitchIndex s = topology.node(node).rack; s != 0; s = topology.at(s).parent) switches.insert(s);
    }
  }
  std::vector<Suspect> suspects;
  for (const NodeIndex node : nodes) suspects.push_back({SlowPart::Kind::kNode, node});
  for (const SwitchIndex s : switches) suspects.push_back({SlowPart::Kind::kUplink, s});
  return suspects;
}

// What speaks against a suspect: all its slow pairs, also those that have another slow end. How slow it is
// tell those that have not. Pairs that are promised less than its slowest slow pair do not speak for it: what
// makes it slow may be faster than their own level.
Accusation Accuse(const Topology& topology, const Suspect& suspect, const std::vector<ObservedPair>& pairs) {
  Accusation accusation{.part = {.kind = suspect.kind}};
  SlowPart& part = accusation.part;
  std::vector<double> times;
  double slowest_promise = 0, worst = 0;
  for (const ObservedPair& pair : pairs) {
    if (!pair.slow || pair.explained || !Concerns(topology, suspect, pair)) continue;
    times.push_back(pair.times());
    slowest_promise = std::max(slowest_promise, pair.promised);
    if (pair.times() <= worst) continue;
    worst = pair.times();
    part.promised_seconds = pair.promised;
    part.seconds = pair.seconds;
  }
  for (const ObservedPair& pair : pairs) {
    if (!Concerns(topology, suspect, pair)) continue;
    if (pair.slow || pair.promised <= slowest_promise) ++part.pairs;
    if (pair.slow) ++part.slow_pairs;
  }
  accusation.unexplained = static_cast<std::uint32_t>(times.size());
  if (!times.empty()) part.times = Median(times);
  part.names = {suspect.kind == SlowPart::Kind::kNode ? topology.node(suspect.index).name
                                                      : topology.at(suspect.index).name};
  return accusation;
}

// Takes the suspect that explains most, again and again, until none explains two pairs.
void NameSuspects(const Topology& topology, double slow_pairs, std::vector<ObservedPair>& pairs,
                  std::vector<SlowPart>& out) {
  const std::vector<Suspect> suspects = Suspects(topology, pairs);
  while (true) {
    const Suspect* best = nullptr;
    Accusation worst;
    for (const Suspect& suspect : suspects) {
      Accusation accusation = Accuse(topology, suspect, pairs);
      if (accusation.unexplained < 2 || accusation.part.slow_pairs < slow_pairs * accusation.part.pairs)
        continue;
      if (best != nullptr && accusation.unexplained <= worst.unexplained) continue;
      best = &suspect;
      worst = std::move(accusation);
    }
    if (best == nullptr) return;
    for (ObservedPair& pair : pairs) pair.explained |= pair.slow && Concerns(topology, *best, pair);
    out.push_back(std::move(worst.part));
  }
}

void NamePairs(const Topology& topology, const std::vector<ObservedPair>& pairs, std::vector<SlowPart>& out) {
  for (const ObservedPair& pair : pairs) {
    if (!pair.slow || pair.explained) continue;
    out.push_back({.kind = SlowPart::Kind::kPair,
                   .names = {topology.node(pair.a).name, topology.node(pair.b).name},
                   .slow_pairs = 1,
                   .pairs = 1,
                   .times = pair.times(),
                   .promised_seconds = pair.promised,
                   .seconds = pair.seconds});
  }
}

std::string Microseconds(double seconds) { return ShortNumber(seconds * 1e6) + " us"; }

}  // namespace

Slowness SlownessOf(const Options& options) {
  return {.tolerance = options.tolerance_percent / 100.0, .slow_pairs = options.slow_pairs_percent / 100.0};
}

std::vector<SlowPart> FindSlowParts(const Topology& topology, const std::vector<PolicyRuns>& study,
                                    const Slowness& slowness) {
  std::vector<SlowPart> all;
  for (auto& [bytes, pairs] : Observe(topology, study, slowness.tolerance)) {
    std::vector<SlowPart> found;
    NameSuspects(topology, slowness.slow_pairs, pairs, found);
    NamePairs(topology, pairs, found);
    for (SlowPart& part : found) part.bytes = bytes;
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

std::string Describe(const SlowPart& part) {
  std::string text = part.kind == SlowPart::Kind::kNode     ? "node " + part.names[0]
                     : part.kind == SlowPart::Kind::kUplink ? "uplink of " + part.names[0]
                                                            : part.names[0] + " to " + part.names[1];
  text += ": messages of " + std::to_string(part.bytes) + " bytes take " + ShortNumber(part.times) +
          " times what their level promises";
  if (part.kind != SlowPart::Kind::kPair)
    text += " (" + std::to_string(part.slow_pairs) + " of " + std::to_string(part.pairs) + " pairs)";
  return text + "; worst " + Microseconds(part.seconds) + " instead of " +
         Microseconds(part.promised_seconds);
}

}  // namespace bsub::placement
