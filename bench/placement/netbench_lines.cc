#include "bench/placement/netbench_lines.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "bench/placement/statistics.h"

namespace bsub::placement {
namespace {

using NetbenchLine = nlohmann::json;

// Throws NetbenchLine::exception for what is missing or of another type.
void ReadLine(const NetbenchLine& line, Measurements& out) {
  const std::string test = line.at("test");
  if (test == "about") {
    out.mpi = line.at("mpi");
    out.nodes = line.at("nodes").get<std::vector<std::string>>();
    return;
  }
  Measured& measured = out.lines.emplace_back();
  measured.test = test;
  measured.repetition = line.at("repetition");
  measured.bytes = line.at("bytes");
  measured.seconds = line.at("seconds");
  if (!line.contains("ranks")) return;
  measured.first = line.at("ranks").at(0);
  measured.second = line.at("ranks").at(1);
}

const Measured* FirstOf(const Measurements& measured, std::string_view test) {
  const auto it = std::ranges::find(measured.lines, test, &Measured::test);
  return it == measured.lines.end() ? nullptr : &*it;
}

// A curve is of two nodes.
Status CheckPingPong(const Measurements& measured) {
  const Measured* first = FirstOf(measured, "pingpong");
  for (const Measured& line : measured.lines) {
    if (line.test == "pingpong" && (line.first != first->first || line.second != first->second))
      return DataLoss(
          "netbench's pingpong is of more than one pair of ranks; bsub-lite-bench and netbench "
          "belong to the same build");
  }
  return OkStatus();
}

Status CheckComplete(const Measurements& measured) {
  if (measured.nodes.empty() || measured.lines.empty()) return DataLoss("netbench measured nothing");
  for (const Measured& line : measured.lines) {
    if (line.first >= measured.nodes.size() || line.second >= measured.nodes.size())
      return DataLoss("netbench names rank " + std::to_string(std::max(line.first, line.second)) + " of " +
                      std::to_string(measured.nodes.size()));
    if (!(line.seconds > 0)) return DataLoss("netbench measured no time for " + line.test);
  }
  return OkStatus();
}

}  // namespace

Result<Measurements> ReadNetbench(std::string_view text) {
  Measurements out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (!line.starts_with("{\"test\":")) continue;
    try {
      ReadLine(NetbenchLine::parse(line), out);
    } catch (const NetbenchLine::exception&) {
      return DataLoss("netbench printed a line that cannot be read: " + std::string(line.substr(0, 200)));
    }
  }
  BSUB_RETURN_IF_ERROR(CheckComplete(out));
  BSUB_RETURN_IF_ERROR(CheckPingPong(out));
  return out;
}

PingPongNodes NodesOfPingPong(const Measurements& measured) {
  const Measured* line = FirstOf(measured, "pingpong");
  if (line == nullptr) return {};
  return {measured.nodes[line->first], measured.nodes[line->second]};
}

double MedianSeconds(const Measurements& measured, std::string_view test, std::uint64_t bytes) {
  std::vector<double> seconds;
  for (const Measured& line : measured.lines) {
    if (line.test == test && line.bytes == bytes) seconds.push_back(line.seconds);
  }
  return seconds.empty() ? 0 : Median(seconds);
}

std::vector<std::uint64_t> SizesOf(const Measurements& measured, std::string_view test) {
  std::set<std::uint64_t> sizes;
  for (const Measured& line : measured.lines) {
    if (line.test == test) sizes.insert(line.bytes);
  }
  return {sizes.begin(), sizes.end()};
}

std::vector<PairTime> PairTimes(const Measurements& measured) {
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>, std::vector<double>> times;
  for (const Measured& line : measured.lines) {
    if (line.test == "pair") times[{line.first, line.second, line.bytes}].push_back(line.seconds);
  }
  std::vector<PairTime> out;
  for (const auto& [pair, seconds] : times)
    out.push_back({std::get<0>(pair), std::get<1>(pair), std::get<2>(pair), Median(seconds)});
  return out;
}

}  // namespace bsub::placement
