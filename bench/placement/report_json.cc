// report.json: everything that was measured, and what was made of it.
#include <nlohmann/json.hpp>

#include "bench/placement/figures.h"
#include "bench/placement/report.h"
#include "sim/fabric/promise.h"

namespace bsub::placement {
namespace {

using Json = nlohmann::ordered_json;

Json IntervalJson(const Interval& interval) {
  return {{"mean", interval.mean}, {"low", interval.low}, {"high", interval.high}};
}

Json NodeNames(const sched::Topology& topology, const std::vector<sched::NodeIndex>& nodes) {
  Json names = Json::array();
  for (const sched::NodeIndex node : nodes) names.push_back(topology.node(node).name);
  return names;
}

Json PredictionJson(const sched::Topology& topology, const sched::Prediction& predicted) {
  return {{"switch", topology.at(predicted.common).name},
          {"racks", predicted.leaf_switches},
          {"hops", predicted.hops},
          {"fabric", ToString(predicted.fabric)},
          {"latencyNs", predicted.latency_ns},
          {"bytesPerSecond", predicted.bandwidth}};
}

Json PairsJson(const sched::Topology& topology, const PlacedRun& run) {
  Json pairs = Json::array();
  for (const PairTime& pair : PairTimes(run.measured)) {
    const std::string &first = run.measured.nodes[pair.first], &second = run.measured.nodes[pair.second];
    Json entry = {{"nodes", {first, second}}, {"bytes", pair.bytes}, {"seconds", pair.seconds}};
    const auto a = topology.FindNode(first), b = topology.FindNode(second);
    if (a && b) entry["promisedSeconds"] = sim::PromisedSeconds(sim::PromiseOf(topology, *a, *b), pair.bytes);
    pairs.push_back(std::move(entry));
  }
  return pairs;
}

Json SizesJson(const Measurements& measured, std::string_view test) {
  Json sizes = Json::array();
  for (const std::uint64_t bytes : SizesOf(measured, test))
    sizes.push_back({{"bytes", bytes}, {"seconds", MedianSeconds(measured, test, bytes)}});
  return sizes;
}

Json PingPongNodesJson(const Measurements& measured) {
  const PingPongNodes nodes = NodesOfPingPong(measured);
  return nodes.first.empty() ? Json() : Json::array({nodes.first, nodes.second});
}

Json RunJson(const sched::Topology& topology, const PlacedRun& run) {
  Json json = {{"draw", run.draw},
               {"kept", run.kept},
               {"nodes", NodeNames(topology, run.nodes)},
               {"predicted", PredictionJson(topology, run.predicted)},
               {"mpi", run.measured.mpi},
               {"pairs", PairsJson(topology, run)},
               {"pingpongNodes", PingPongNodesJson(run.measured)}};
  for (const char* test : {"pingpong", "allreduce", "alltoall", "halo"})
    json[test] = SizesJson(run.measured, test);
  return json;
}

// Null without any draws.
Json DrawsJson(const DrawSummary& summary) {
  if (summary.draws == 0) return {};
  Json figures = Json::object(), beside = Json::object();
  for (std::size_t i = 0; i < Figures().size(); ++i) {
    const std::string key(Figures()[i].key);
    figures[key] = IntervalJson(summary.figures[i]);
    beside[key] = IntervalJson(summary.beside_first[i]);
  }
  return {{"draws", summary.draws},
          {"racks", summary.racks},
          {"hops", summary.hops},
          {"figures", std::move(figures)},
          {"besideFirst", std::move(beside)}};
}

Json PolicyJson(const Report& report, const PolicyRuns& policy, const PolicySummary& summary) {
  Json runs = Json::array();
  for (const PlacedRun& run : policy.runs) runs.push_back(RunJson(report.topology, run));
  return {{"placement", policy.policy},
          {"kept", DrawsJson(summary.kept)},
          {"notKept", DrawsJson(summary.not_kept)},
          {"runs", std::move(runs)}};
}

Json SlowJson(const SlowPart& part) {
  const char* kind = part.kind == SlowPart::Kind::kNode     ? "node"
                     : part.kind == SlowPart::Kind::kUplink ? "uplink"
                                                            : "pair";
  return {{"kind", kind},
          {"names", part.names},
          {"bytes", part.bytes},
          {"slowPairs", part.slow_pairs},
          {"pairs", part.pairs},
          {"timesPromised", part.times},
          {"worstSeconds", part.seconds},
          {"promisedSeconds", part.promised_seconds},
          {"text", Describe(part)}};
}

}  // namespace

std::string ReportJson(const Report& report) {
  const std::vector<PolicySummary> summary = Summarise(report.study);
  Json placements = Json::array(), slow = Json::array();
  for (std::size_t i = 0; i < report.study.size(); ++i)
    placements.push_back(PolicyJson(report, report.study[i], summary[i]));
  for (const SlowPart& part : report.slow) slow.push_back(SlowJson(part));
  const Options& asked = report.options;
  const Json json = {{"cluster", report.cluster},
                     {"config", asked.config},
                     {"network", asked.real ? "real" : "modelled"},
                     {"nodes", asked.nodes},
                     {"ranksPerNode", asked.ranks_per_node},
                     {"draws", asked.draws},
                     {"busyPercent", asked.real ? Json() : Json(asked.busy_percent)},
                     {"seed", asked.real ? Json() : Json(asked.seed)},
                     {"repetitions", asked.real ? Json(asked.repetitions) : Json()},
                     {"tolerancePercent", asked.tolerance_percent},
                     {"slowPairsPercent", asked.slow_pairs_percent},
                     {"degraded", asked.faults},
                     {"placements", std::move(placements)},
                     {"slow", std::move(slow)}};
  return json.dump(2) + "\n";
}

}  // namespace bsub::placement
