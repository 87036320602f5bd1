// What each placement costs beside the first: one group of bars for each figure.
#include <algorithm>

#include "bench/placement/figures.h"
#include "bench/placement/pictures.h"
#include "common/picture/chart_scale.h"
#include "common/picture/svg.h"

namespace bsub::placement {
namespace {

using picture::Anchor;
using picture::DecadeMarks;
using picture::LogScale;
using picture::Mark;
using picture::Svg;

constexpr double kBar = 22, kGroupGap = 40, kBarsHigh = 260, kBarsLeft = 60, kBarsTop = 78,
                 kBarsBelow = 76;  // pixels

// As a multiple in which more is worse: what a bandwidth loses is turned around.
Interval TimesAsBad(const Interval& beside, bool more_is_better) {
  if (!more_is_better || !(beside.low > 0)) return beside;
  return {.mean = 1 / beside.mean, .low = 1 / beside.high, .high = 1 / beside.low};
}

}  // namespace

std::string DrawBeside(const Report& report) {
  const std::vector<PolicySummary> summary = Summarise(report.study);
  const std::vector<Figure>& figures = Figures();
  double highest = 1;
  for (const PolicySummary& policy : summary) {
    for (std::size_t f = 0; f < figures.size(); ++f)
      highest = std::max(highest, TimesAsBad(policy.beside_first[f], figures[f].more_is_better).high);
  }
  const auto bars = static_cast<double>(summary.size());
  const double group = bars * kBar + kGroupGap;
  const LogScale y{
      .low = 0.5, .high = std::max(highest * 1.15, 2.0), .from = kBarsTop + kBarsHigh, .to = kBarsTop};
  const double width = kBarsLeft + group * static_cast<double>(figures.size());
  Svg svg(width + 20, kBarsTop + kBarsHigh + kBarsBelow);
  svg.Text({kBarsLeft, 24}, "Times as bad as placement " + summary.front().policy,
           {.size = 16, .bold = true});
  svg.Text({kBarsLeft, 42}, PictureCaption(report) + "; bandwidths turned around, so that higher is worse",
           {});
  for (const Mark& mark : DecadeMarks(y.low, y.high)) {
    svg.Line({kBarsLeft, y.At(mark.value)}, {width, y.At(mark.value)},
             mark.value == 1 ? "#888888" : "#dddddd");
    svg.Text({kBarsLeft - 6, y.At(mark.value) + 4}, mark.label, {.size = 10, .anchor = Anchor::kEnd});
  }
  for (std::size_t f = 0; f < figures.size(); ++f) {
    const double left = kBarsLeft + kGroupGap / 2 + group * static_cast<double>(f);
    for (std::size_t p = 0; p < summary.size(); ++p) {
      const Interval bar = TimesAsBad(summary[p].beside_first[f], figures[f].more_is_better);
      const double x = left + kBar * static_cast<double>(p), top = y.At(std::max(bar.mean, y.low));
      svg.Rectangle({x, top}, kBar - 3, kBarsTop + kBarsHigh - top, PolicyColour(p));
      if (bar.low < bar.high)
        svg.Line({x + kBar / 2 - 1.5, y.At(std::max(bar.low, y.low))}, {x + kBar / 2 - 1.5, y.At(bar.high)},
                 "black", 1.5);
    }
    svg.Text({left + bars * kBar / 2, kBarsTop + kBarsHigh + 16}, std::string(figures[f].title),
             {.anchor = Anchor::kMiddle});
  }
  double x = kBarsLeft;
  for (std::size_t p = 0; p < summary.size(); ++p, x += 130) {
    svg.Rectangle({x, kBarsTop + kBarsHigh + 40}, 14, 14, PolicyColour(p));
    svg.Text({x + 20, kBarsTop + kBarsHigh + 52}, summary[p].policy, {});
  }
  return svg.Document();
}

}  // namespace bsub::placement
