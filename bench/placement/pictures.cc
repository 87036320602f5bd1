#include "bench/placement/pictures.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "bench/placement/figures.h"
#include "jobs/text.h"

namespace bsub::placement {

std::vector<Picture> DrawPictures(const Report& report) {
  return {{"pairs-latency.svg", DrawPairs(report, false)},
          {"pairs-bandwidth.svg", DrawPairs(report, true)},
          {"curves.svg", DrawCurves(report)},
          {"beside-cluster.svg", DrawBeside(report)}};
}

std::string PictureCaption(const Report& report) {
  const Options& asked = report.options;
  std::string text = CountNodes(asked.nodes) + " of " + report.cluster + ", " + WorldText(asked);
  for (const std::string& fault : asked.faults) text += ", " + fault;
  return text;
}

std::size_t MiddleDraw(const Report& report) {
  constexpr std::string_view kKey = "alltoallGBps";
  const auto figure = std::ranges::find(Figures(), kKey, &Figure::key);
  const std::vector<PlacedRun>&first = report.study.front().runs, &last = report.study.back().runs;
  std::vector<std::pair<double, std::size_t>> ratios;
  for (std::size_t draw = 0; draw < first.size(); ++draw)
    ratios.emplace_back(figure->of(last[draw].measured) / figure->of(first[draw].measured), draw);
  std::ranges::sort(ratios);
  return ratios[ratios.size() / 2].second;
}

std::string PolicyColour(std::size_t position) {
  constexpr std::array kColours = {"#0072B2", "#009E73", "#E69F00", "#D55E00"};
  return kColours[position % kColours.size()];
}

}  // namespace bsub::placement
