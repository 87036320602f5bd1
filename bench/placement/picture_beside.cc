// What each placement costs beside the first, where it was kept: one group of bars for each figure.
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

constexpr double kBar = 22, kGroupGap = 40, kBarsHigh = 260, kBarsLeft = 60, kBarsTop = 78, kBarsBelow = 40,
                 kLegendLine = 20;  // pixels

// As a multiple in which more is worse: what a bandwidth loses is turned around.
Interval TimesAsBad(const Interval& beside, bool more_is_better) {
  if (!more_is_better || !(beside.low > 0)) return beside;
  return {.mean = 1 / beside.mean, .low = 1 / beside.high, .high = 1 / beside.low};
}

// A bar of the picture: a policy that was kept in some draws.
struct Kept {
  const PolicySummary* policy;
  std::string colour;
};

std::vector<Kept> KeptPolicies(const std::vector<PolicySummary>& summary) {
  std::vector<Kept> kept;
  for (std::size_t p = 0; p < summary.size(); ++p) {
    if (summary[p].kept.draws > 0) kept.push_back({&summary[p], PolicyColour(p)});
  }
  return kept;
}

Interval BarOf(const Kept& kept, std::size_t figure) {
  return TimesAsBad(kept.policy->kept.beside_first[figure], Figures()[figure].more_is_better);
}

void DrawScale(Svg& svg, const LogScale& y, double width) {
  for (const Mark& mark : DecadeMarks(y.low, y.high)) {
    svg.Line({kBarsLeft, y.At(mark.value)}, {width, y.At(mark.value)},
             mark.value == 1 ? "#888888" : "#dddddd");
    svg.Text({kBarsLeft - 6, y.At(mark.value) + 4}, mark.label, {.size = 10, .anchor = Anchor::kEnd});
  }
}

void DrawBar(Svg& svg, double x, const Interval& bar, const LogScale& y, const std::string& colour) {
  const double top = y.At(std::max(bar.mean, y.low));
  svg.Rectangle({x, top}, kBar - 3, kBarsTop + kBarsHigh - top, colour);
  if (bar.low < bar.high)
    svg.Line({x + kBar / 2 - 1.5, y.At(std::max(bar.low, y.low))}, {x + kBar / 2 - 1.5, y.At(bar.high)},
             "black", 1.5);
}

// Those that were never kept are named and have no colour.
void DrawBesideLegend(Svg& svg, const std::vector<PolicySummary>& summary) {
  double y = kBarsTop + kBarsHigh + kBarsBelow;
  for (std::size_t p = 0; p < summary.size(); ++p, y += kLegendLine) {
    svg.Rectangle({kBarsLeft, y}, 14, 14, summary[p].kept.draws > 0 ? PolicyColour(p) : "none", "#888888");
    svg.Text({kBarsLeft + 20, y + 12}, LabelOf(summary[p]), {});
  }
}

}  // namespace

std::string DrawBeside(const Report& report) {
  const std::vector<PolicySummary> summary = Summarise(report.study);
  const std::vector<Kept> kept = KeptPolicies(summary);
  const std::vector<Figure>& figures = Figures();
  double highest = 2;
  for (const Kept& policy : kept) {
    for (std::size_t f = 0; f < figures.size(); ++f)
      highest = std::max(highest, 1.15 * BarOf(policy, f).high);
  }
  const auto bars = static_cast<double>(kept.size());
  const double group = bars * kBar + kGroupGap;
  const LogScale y{.low = 0.5, .high = highest, .from = kBarsTop + kBarsHigh, .to = kBarsTop};
  const double width = kBarsLeft + group * static_cast<double>(figures.size());
  Svg svg(width + 20, kBarsTop + kBarsHigh + kBarsBelow + kLegendLine * static_cast<double>(summary.size()));
  svg.Text({kBarsLeft, 24}, "Times as bad as " + summary.front().policy + ":preferred on the same draw",
           {.size = 16, .bold = true});
  svg.Text({kBarsLeft, 42}, PictureCaption(report), {});
  svg.Text({kBarsLeft, 58}, "bandwidths turned around: higher is worse; draws in which it was kept", {});
  DrawScale(svg, y, width);
  for (std::size_t f = 0; f < figures.size(); ++f) {
    const double left = kBarsLeft + kGroupGap / 2 + group * static_cast<double>(f);
    for (std::size_t p = 0; p < kept.size(); ++p)
      DrawBar(svg, left + kBar * static_cast<double>(p), BarOf(kept[p], f), y, kept[p].colour);
    svg.Text({left + bars * kBar / 2, kBarsTop + kBarsHigh + 16}, std::string(figures[f].title),
             {.anchor = Anchor::kMiddle});
  }
  DrawBesideLegend(svg, summary);
  return svg.Document();
}

}  // namespace bsub::placement
