// Heat maps: what each pair of nodes has, one map for each policy.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "bench/placement/pictures.h"
#include "common/picture/chart_scale.h"
#include "common/picture/svg.h"
#include "sim/fabric/promise.h"

namespace bsub::placement {
namespace {

using picture::Anchor;
using picture::DecadeMarks;
using picture::LogScale;
using picture::Mark;
using picture::Point;
using picture::Range;
using picture::RangeOf;
using picture::ShortNumber;
using picture::Svg;

constexpr double kMap = 300, kMapLeft = 50, kMapTop = 78, kMapGap = 62, kMapBelow = 78;  // pixels
constexpr std::size_t kMostLabels = 32, kMostNumbers = 12;                               // nodes

struct PairCell {
  std::size_t row = 0, column = 0;
  double value = 0;
  bool slow = false;
};

struct PairMap {
  std::string title;
  std::vector<std::string> names;
  std::vector<PairCell> cells;
};

// Light to dark: good to bad. Between these in equal steps (ColorBrewer's YlGnBu, the darkest left out so
// that numbers stay readable).
std::string HeatColour(double share) {
  constexpr std::array<std::array<double, 3>, 5> kStops = {
      {{255, 255, 217}, {199, 233, 180}, {65, 182, 196}, {34, 94, 168}, {12, 44, 132}}};
  const double place = std::clamp(share, 0.0, 1.0) * (kStops.size() - 1);
  const std::size_t low = std::min(static_cast<std::size_t>(place), kStops.size() - 2);
  const double rest = place - static_cast<double>(low);
  char text[16];
  const auto mix = [&](int part) {
    return static_cast<int>(
        std::lround(kStops[low][part] + rest * (kStops[low + 1][part] - kStops[low][part])));
  };
  std::snprintf(text, sizeof text, "#%02x%02x%02x", mix(0), mix(1), mix(2));
  return text;
}

// The nodes in the order of the ranks; cells on both sides of the diagonal.
PairMap MapOf(const Report& report, const PolicyRuns& policy, std::size_t draw, bool bandwidth) {
  const PlacedRun& run = policy.runs[draw];
  PairMap map{.title = policy.policy + (run.kept ? "" : " (not kept)"), .names = {}, .cells = {}};
  for (const sched::NodeIndex node : run.nodes) map.names.push_back(report.topology.node(node).name);
  const std::vector<std::uint64_t> sizes = SizesOf(run.measured, "pair");
  if (sizes.empty()) return map;
  const std::uint64_t bytes = bandwidth ? sizes.back() : sizes.front();
  const double tolerance = report.options.tolerance_percent / 100.0;
  const auto position = [&](std::uint32_t rank) {
    return static_cast<std::size_t>(std::ranges::find(map.names, run.measured.nodes[rank]) -
                                    map.names.begin());
  };
  for (const PairTime& pair : PairTimes(run.measured)) {
    const std::size_t a = position(pair.first), b = position(pair.second);
    if (pair.bytes != bytes || a >= map.names.size() || b >= map.names.size()) continue;
    const double value = bandwidth ? static_cast<double>(bytes) / pair.seconds * 1e-9 : pair.seconds * 1e6;
    const double promised =
        sim::PromisedSeconds(sim::PromiseOf(report.topology, run.nodes[a], run.nodes[b]), bytes);
    const bool slow = pair.seconds > promised * (1 + tolerance);
    map.cells.push_back({a, b, value, slow});
    map.cells.push_back({b, a, value, slow});
  }
  return map;
}

// From the least to the greatest value, so that the legend's ends are found in the maps.
Range ExactRange(const std::vector<double>& values) {
  if (values.empty()) return {};
  const auto [low, high] = std::ranges::minmax(values);
  return low < high ? Range{low, high} : RangeOf(values);
}

void DrawLabels(Svg& svg, Point corner, const PairMap& map, double cell) {
  if (map.names.size() > kMostLabels) return;
  const double size = std::clamp(cell * 0.55, 6.0, 11.0);
  for (std::size_t i = 0; i < map.names.size(); ++i) {
    const double middle = cell * (static_cast<double>(i) + 0.5);
    svg.Text({corner.x - 5, corner.y + middle + size / 3}, map.names[i],
             {.size = size, .anchor = Anchor::kEnd});
    svg.Text({corner.x + middle + size / 3, corner.y + kMap + 6}, map.names[i],
             {.size = size, .anchor = Anchor::kEnd, .turned = -90});
  }
}

void DrawMap(Svg& svg, Point corner, const PairMap& map, const LogScale& shade) {
  const double cell = kMap / static_cast<double>(map.names.size());
  svg.Text({corner.x, corner.y - 10}, map.title, {.size = 13, .bold = true});
  svg.Rectangle(corner, kMap, kMap, "#eeeeee");
  for (const PairCell& at : map.cells) {
    const double share = shade.At(at.value);
    const Point here = {corner.x + cell * static_cast<double>(at.column),
                        corner.y + cell * static_cast<double>(at.row)};
    svg.Rectangle(here, cell, cell, HeatColour(share), "white", 0.5);
    if (map.names.size() <= kMostNumbers)
      svg.Text({here.x + cell / 2, here.y + cell / 2 + 4}, ShortNumber(at.value),
               {.size = std::min(11.0, cell / 3),
                .anchor = Anchor::kMiddle,
                .colour = share > 0.5 ? "white" : "black"});
  }
  for (const PairCell& at : map.cells) {
    if (!at.slow) continue;
    svg.Rectangle({corner.x + cell * static_cast<double>(at.column) + 1,
                   corner.y + cell * static_cast<double>(at.row) + 1},
                  cell - 2, cell - 2, "none", "#d62728", 2);
  }
  DrawLabels(svg, corner, map, cell);
}

void DrawLegend(Svg& svg, Point corner, const Range& range, const LogScale& shade, const std::string& unit) {
  constexpr int kSteps = 60;
  constexpr double kWidth = 240, kHeight = 10, kRoom = 24;  // pixels; of a label
  const LogScale place{.low = range.low, .high = range.high, .from = corner.x, .to = corner.x + kWidth};
  for (int i = 0; i < kSteps; ++i) {
    const double value = range.low * std::pow(range.high / range.low, (i + 0.5) / kSteps);
    svg.Rectangle({corner.x + kWidth * i / kSteps, corner.y}, kWidth / kSteps + 0.5, kHeight,
                  HeatColour(shade.At(value)));
  }
  for (const Mark& mark : DecadeMarks(range.low, range.high)) {
    const double x = place.At(mark.value);
    if (x < corner.x + kRoom || x > corner.x + kWidth - kRoom) continue;  // the ends are labelled below
    svg.Text({x, corner.y + kHeight + 12}, mark.label, {.size = 10, .anchor = Anchor::kMiddle});
  }
  svg.Text({corner.x, corner.y + kHeight + 12}, ShortNumber(range.low),
           {.size = 10, .anchor = Anchor::kMiddle});
  svg.Text({corner.x + kWidth, corner.y + kHeight + 12}, ShortNumber(range.high),
           {.size = 10, .anchor = Anchor::kMiddle});
  svg.Text({corner.x + kWidth + 10, corner.y + kHeight - 1}, unit, {});
}

std::string DrawText(const Report& report, std::size_t draw) {
  if (report.options.draws < 2) return "";
  return std::string("; ") + (report.options.real ? "round " : "draw ") + std::to_string(draw + 1) +
         ", the middle one by what the placements differ";
}

}  // namespace

std::string DrawPairs(const Report& report, bool bandwidth) {
  const std::size_t draw = MiddleDraw(report);
  std::vector<PairMap> maps;
  std::vector<double> values;
  bool slow = false;
  for (const PolicyRuns& policy : report.study) {
    maps.push_back(MapOf(report, policy, draw, bandwidth));
    for (const PairCell& cell : maps.back().cells) values.push_back(cell.value), slow = slow || cell.slow;
  }
  const Range range = ExactRange(values);
  // Dark is bad: a long latency, a small bandwidth.
  const LogScale shade{
      .low = range.low, .high = range.high, .from = bandwidth ? 1.0 : 0.0, .to = bandwidth ? 0.0 : 1.0};
  const double width = kMapLeft + static_cast<double>(maps.size()) * (kMap + kMapGap);
  Svg svg(width, kMapTop + kMap + kMapBelow);
  svg.Text({kMapLeft, 24}, bandwidth ? "Bandwidth between pairs of nodes" : "Latency between pairs of nodes",
           {.size = 16, .bold = true});
  svg.Text({kMapLeft, 42},
           PictureCaption(report) + DrawText(report, draw) +
               (slow ? "; framed: slower than its level promises" : ""),
           {});
  for (std::size_t i = 0; i < maps.size(); ++i)
    DrawMap(svg, {kMapLeft + static_cast<double>(i) * (kMap + kMapGap), kMapTop}, maps[i], shade);
  DrawLegend(svg, {kMapLeft, kMapTop + kMap + 46}, range, shade,
             bandwidth ? "GB/s, one message of 4 MiB" : "us, one way, 8 bytes");
  return svg.Document();
}

}  // namespace bsub::placement
