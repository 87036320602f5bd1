#include "bench/placement/pictures.h"

#include <array>

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
  std::string text = CountNodes(asked.nodes) + " of " + report.cluster + ", modelled, " +
                     std::to_string(asked.busy_percent) + "% of all nodes busy";
  for (const std::string& fault : asked.faults) text += ", " + fault;
  return text;
}

std::string PolicyColour(std::size_t position) {
  constexpr std::array kColours = {"#0072B2", "#009E73", "#E69F00", "#D55E00"};
  return kColours[position % kColours.size()];
}

}  // namespace bsub::placement
