// Latency and bandwidth of the farthest pair by the size of the message, with confidence bands.
#include <algorithm>
#include <map>
#include <set>

#include "bench/placement/pictures.h"
#include "bench/placement/statistics.h"
#include "common/picture/chart_scale.h"
#include "common/picture/svg.h"

namespace bsub::placement {
namespace {

using picture::Anchor;
using picture::ByteMarks;
using picture::DecadeMarks;
using picture::LogScale;
using picture::Mark;
using picture::Point;
using picture::Range;
using picture::RangeOf;
using picture::Svg;

constexpr double kPlot = 380, kPlotHigh = 300, kPlotLeft = 70, kPlotTop = 78, kPlotGap = 90,
                 kPlotBelow = 64;  // pixels

struct CurvePoint {
  double bytes = 0;
  Interval value;
};
struct Curve {
  std::string name, colour;
  std::vector<CurvePoint> points;
};

// Over the draws in which the policy was kept; without points if it never was.
std::vector<Curve> CurvesOf(const Report& report, bool bandwidth) {
  const std::vector<PolicySummary> summary = Summarise(report.study);
  std::vector<Curve> curves;
  for (std::size_t i = 0; i < report.study.size(); ++i) {
    std::map<std::uint64_t, std::vector<double>> samples;
    for (const PlacedRun& run : report.study[i].runs) {
      if (!run.kept) continue;
      for (const std::uint64_t bytes : SizesOf(run.measured, "pingpong")) {
        const double seconds = MedianSeconds(run.measured, "pingpong", bytes);
        samples[bytes].push_back(bandwidth ? static_cast<double>(bytes) / seconds * 1e-9 : seconds * 1e6);
      }
    }
    Curve& curve = curves.emplace_back(Curve{LabelOf(summary[i]), PolicyColour(i), {}});
    for (const auto& [bytes, values] : samples)
      curve.points.push_back({static_cast<double>(bytes), MeanOf(values)});
  }
  return curves;
}

struct Axes {
  LogScale x, y;
  Range across, up;
};

Axes AxesFor(const std::vector<Curve>& curves, Point corner) {
  std::vector<double> sizes, values;
  for (const Curve& curve : curves) {
    for (const CurvePoint& point : curve.points) {
      sizes.push_back(point.bytes);
      values.push_back(point.value.low);
      values.push_back(point.value.high);
    }
  }
  Axes axes;
  axes.across = RangeOf(sizes), axes.up = RangeOf(values);
  axes.x = {axes.across.low, axes.across.high, corner.x, corner.x + kPlot};
  axes.y = {axes.up.low, axes.up.high, corner.y + kPlotHigh, corner.y};
  return axes;
}

void DrawAxes(Svg& svg, Point corner, const Axes& axes, const std::string& title, const std::string& unit) {
  svg.Text({corner.x, corner.y - 10}, title, {.size = 13, .bold = true});
  for (const Mark& mark : DecadeMarks(axes.up.low, axes.up.high)) {
    const double y = axes.y.At(mark.value);
    svg.Line({corner.x, y}, {corner.x + kPlot, y}, "#dddddd");
    svg.Text({corner.x - 6, y + 4}, mark.label, {.size = 10, .anchor = Anchor::kEnd});
  }
  for (const Mark& mark : ByteMarks(axes.across.low, axes.across.high)) {
    const double x = axes.x.At(mark.value);
    svg.Line({x, corner.y}, {x, corner.y + kPlotHigh}, "#dddddd");
    svg.Text({x, corner.y + kPlotHigh + 15}, mark.label, {.size = 10, .anchor = Anchor::kMiddle});
  }
  svg.Rectangle(corner, kPlot, kPlotHigh, "none", "#888888");
  svg.Text({corner.x + kPlot / 2, corner.y + kPlotHigh + 34}, "message, bytes", {.anchor = Anchor::kMiddle});
  svg.Text({corner.x - 46, corner.y + kPlotHigh / 2}, unit, {.anchor = Anchor::kMiddle, .turned = -90});
}

void DrawCurve(Svg& svg, const Axes& axes, const Curve& curve, double width) {
  if (curve.points.empty()) return;
  std::vector<Point> line, band;
  const auto at = [&](double bytes, double value) { return Point{axes.x.At(bytes), axes.y.At(value)}; };
  for (const CurvePoint& point : curve.points) {
    line.push_back(at(point.bytes, point.value.mean));
    band.push_back(at(point.bytes, point.value.high));
  }
  for (auto point = curve.points.rbegin(); point != curve.points.rend(); ++point)
    band.push_back(at(point->bytes, point->value.low));
  svg.Area(band, curve.colour, 0.15);
  svg.Path(line, curve.colour, width);
}

void DrawPanel(Svg& svg, Point corner, const std::vector<Curve>& curves, const std::string& title,
               const std::string& unit) {
  const Axes axes = AxesFor(curves, corner);
  DrawAxes(svg, corner, axes, title, unit);
  // Ever thinner: a curve on top of others hides none.
  constexpr double kThinnest = 2, kStep = 1.5;  // pixels
  double thickness = kThinnest + kStep * static_cast<double>(curves.size());
  for (const Curve& curve : curves) DrawCurve(svg, axes, curve, thickness -= kStep);
  double y = corner.y + 18;
  for (const Curve& curve : curves) {
    if (!curve.points.empty()) svg.Line({corner.x + 12, y - 4}, {corner.x + 34, y - 4}, curve.colour, 3);
    svg.Text({corner.x + 40, y}, curve.name, {});
    y += 16;
  }
}

}  // namespace

std::string DrawCurves(const Report& report) {
  Svg svg(kPlotLeft + 2 * kPlot + kPlotGap + 24, kPlotTop + kPlotHigh + kPlotBelow);
  svg.Text({kPlotLeft, 24}, "Two nodes of the job that are farthest apart", {.size = 16, .bold = true});
  svg.Text({kPlotLeft, 42},
           PictureCaption(report) + (report.options.draws > 1 ? "; means, with 95% confidence bands" : ""),
           {});
  DrawPanel(svg, {kPlotLeft, kPlotTop}, CurvesOf(report, false), "Latency, one way", "us");
  DrawPanel(svg, {kPlotLeft + kPlot + kPlotGap, kPlotTop}, CurvesOf(report, true), "Bandwidth", "GB/s");
  return svg.Document();
}

}  // namespace bsub::placement
