#include "sim/replay/replay_picture.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

#include "common/picture/chart_scale.h"
#include "common/picture/svg.h"
#include "sim/replay/gantt_rows.h"
#include "sim/replay/load_series.h"

namespace bsub::sim {
namespace {

using picture::Anchor;
using picture::EvenMarks;
using picture::Ground;
using picture::LinearScale;
using picture::Mark;
using picture::Point;
using picture::Svg;

// Pixels. The plots are as wide as there are slices of time, so that each is one pixel.
constexpr std::size_t kSlices = 900;
constexpr double kPlotLeft = 84, kPlotWide = kSlices, kRightMargin = 26, kHeadHigh = 64;
constexpr double kLoadHigh = 110, kGanttHigh = 300, kPanelGap = 34, kFootHigh = 72;
constexpr double kUtilisationTop = kHeadHigh + 18, kQueueTop = kUtilisationTop + kLoadHigh + kPanelGap,
                 kGanttTop = kQueueTop + kLoadHigh + kPanelGap;
constexpr std::size_t kMostGanttRows = 100;
constexpr double kCellWide = 2;  // of the Gantt view: half as large a file, and less noise
constexpr int kMostTimeMarks = 18;

// Black or white as the ground is not; the other colours are Okabe and Ito's, legible on both, and distinct
// for those who see no red or no green.
constexpr const char* kInk = "currentColor";
constexpr const char* kUtilisationColour = "#0072B2";
constexpr const char* kQueueColour = "#CC79A7";
struct WaitShade {
  const char* colour;
  const char* label;
};
constexpr std::array<WaitShade, kWaitClasses> kWaitShades = {{{"#56B4E9", "started at once"},
                                                              {"#009E73", "up to 1 hour"},
                                                              {"#F0B000", "up to 1 day"},
                                                              {"#D55E00", "longer"}}};

struct TimeUnit {
  double seconds;
  const char* name;
};

TimeUnit UnitFor(double span_s) {
  for (const TimeUnit unit : {TimeUnit{86'400, "days"}, TimeUnit{3600, "hours"}, TimeUnit{60, "minutes"}}) {
    if (span_s >= 3 * unit.seconds) return unit;
  }
  return {1, "seconds"};
}

std::string WithCommas(std::size_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

class ReplayPicture {
 public:
  ReplayPicture(const Workload& workload, const Starts& starts)
      : workload_(workload),
        starts_(starts),
        span_(SpanOf(workload, starts)),
        unit_(UnitFor(span_.length())),
        x_{.low = 0, .high = span_.length() / unit_.seconds, .from = kPlotLeft, .to = kPlotLeft + kPlotWide},
        gantt_rows_(static_cast<std::size_t>(
            std::min<std::int64_t>(workload.processors, static_cast<std::int64_t>(kMostGanttRows)))),
        // Whole pixels a row, so that there are no seams.
        row_high_(std::floor(kGanttHigh / static_cast<double>(gantt_rows_))),
        svg_(kPlotLeft + kPlotWide + kRightMargin, GanttBottom() + kFootHigh, Ground::kReaders) {}

  std::string Draw(const PictureCaption& caption) {
    DrawHead(caption);
    const LoadSeries load = LoadOver(workload_, starts_, kSlices);
    DrawUtilisation(load, caption.metrics.utilisation);
    DrawQueue(load);
    DrawGantt();
    DrawFoot();
    return svg_.Document();
  }

 private:
  double GanttBottom() const { return kGanttTop + row_high_ * static_cast<double>(gantt_rows_); }
  double X(std::int64_t time) const { return x_.At(static_cast<double>(time - span_.begin) / unit_.seconds); }

  void DrawHead(const PictureCaption& caption) {
    const Metrics& m = caption.metrics;
    char text[256];
    std::snprintf(
        text, sizeof text,
        "%s jobs on %s processors; utilisation %.1f %%, average wait %.0f s, longest %lld s, average "
        "bounded slowdown %.2f",
        WithCommas(m.jobs).c_str(), WithCommas(static_cast<std::size_t>(workload_.processors)).c_str(),
        100 * m.utilisation, m.average_wait, static_cast<long long>(m.longest_wait),
        m.average_bounded_slowdown);
    svg_.Text({kPlotLeft, 24}, caption.log + ", policy " + caption.policy,
              {.size = 16, .colour = kInk, .bold = true});
    svg_.Text({kPlotLeft, 44}, text, {.size = 12, .colour = kInk});
  }

  // Frame, title, and lines at the marks of both axes.
  void DrawPanel(double top, double bottom, const std::string& title, const std::string& unit,
                 const LinearScale& y, const std::vector<Mark>& marks) {
    svg_.Text({kPlotLeft, top - 7}, title, {.size = 12, .colour = kInk, .bold = true});
    svg_.Text({22, (top + bottom) / 2}, unit, {.anchor = Anchor::kMiddle, .colour = kInk, .turned = -90});
    for (const Mark& mark : marks) {
      svg_.Line({kPlotLeft - 4, y.At(mark.value)}, {kPlotLeft, y.At(mark.value)}, kInk, 1, 0.6);
      svg_.Line({kPlotLeft, y.At(mark.value)}, {kPlotLeft + kPlotWide, y.At(mark.value)}, kInk, 1, 0.15);
      svg_.Text({kPlotLeft - 8, y.At(mark.value) + 4}, mark.label, {.anchor = Anchor::kEnd, .colour = kInk});
    }
    for (const Mark& mark : EvenMarks(0, x_.high, kMostTimeMarks))
      svg_.Line({x_.At(mark.value), top}, {x_.At(mark.value), bottom + 4}, kInk, 1, 0.15);
    svg_.Line({kPlotLeft, bottom}, {kPlotLeft + kPlotWide, bottom}, kInk, 1, 0.6);
    svg_.Line({kPlotLeft, top}, {kPlotLeft, bottom}, kInk, 1, 0.6);
  }

  std::vector<Point> Steps(const std::vector<double>& values, const LinearScale& y, bool to_ground) const {
    std::vector<Point> points;
    if (to_ground) points.push_back({kPlotLeft, y.from});
    for (std::size_t i = 0; i < values.size(); ++i)
      points.push_back({kPlotLeft + static_cast<double>(i) + 0.5, y.At(values[i])});
    if (to_ground) points.push_back({kPlotLeft + kPlotWide, y.from});
    return points;
  }

  void DrawUtilisation(const LoadSeries& load, double mean) {
    const LinearScale y{.low = 0, .high = 100, .from = kUtilisationTop + kLoadHigh, .to = kUtilisationTop};
    std::vector<double> percent;
    for (const double busy : load.busy)
      percent.push_back(100 * busy / static_cast<double>(workload_.processors));
    svg_.Area(Steps(percent, y, true), kUtilisationColour, 0.75);
    DrawPanel(kUtilisationTop, y.from, "Utilisation (line: mean over the makespan)", "processors busy, %", y,
              EvenMarks(0, 100, 5));
    svg_.Line({kPlotLeft, y.At(100 * mean)}, {kPlotLeft + kPlotWide, y.At(100 * mean)}, kInk, 1.5);
  }

  void DrawQueue(const LoadSeries& load) {
    const double most = std::max(1.0, *std::max_element(load.longest.begin(), load.longest.end()));
    const LinearScale y{.low = 0, .high = most, .from = kQueueTop + kLoadHigh, .to = kQueueTop};
    svg_.Area(Steps(load.waiting, y, true), kQueueColour, 0.75);
    svg_.Path(Steps(load.longest, y, false), kInk, 0.7);
    DrawPanel(kQueueTop, y.from, "Queue length (area: mean of the slice, line: most at once)", "jobs waiting",
              y, EvenMarks(0, most, 5));
  }

  void DrawGantt() {
    const double bottom = GanttBottom();
    const LinearScale y{
        .low = 0, .high = static_cast<double>(workload_.processors), .from = bottom, .to = kGanttTop};
    const bool one_by_one = workload_.jobs.size() <= kMostDrawnJobs;
    if (one_by_one) {
      DrawJobs(y);
    } else {
      DrawCells(bottom);
    }
    DrawPanel(kGanttTop, bottom,
              one_by_one ? "Jobs on processors" : "Jobs on processors (each cell: what took most of it)",
              "processors", y, EvenMarks(0, y.high, 6));
  }

  void DrawJobs(const LinearScale& y) {
    const auto assigned = AssignProcessors(workload_, starts_);
    for (std::size_t i = 0; i < starts_.size(); ++i) {
      const WorkloadJob& job = workload_.jobs[i];
      const std::int64_t wait = starts_[i] - job.submit;
      const WaitShade& shade = kWaitShades[static_cast<std::size_t>(WaitClassOf(wait))];
      const std::string title = "job " + std::to_string(i + 1) + ": " + std::to_string(job.processors) +
                                " processors, " + std::to_string(job.run) + " s, waited " +
                                std::to_string(wait) + " s";
      for (const ProcessorRange& range : assigned[i]) {
        const double top = y.At(static_cast<double>(range.first + range.count));
        svg_.Rectangle({X(starts_[i]), top}, X(starts_[i] + job.run) - X(starts_[i]),
                       y.At(static_cast<double>(range.first)) - top, shade.colour, kInk, 0.3, title);
      }
    }
  }

  void DrawCells(double bottom) {
    const GanttCells gantt =
        RasterGantt(workload_, starts_, gantt_rows_, static_cast<std::size_t>(kPlotWide / kCellWide));
    std::array<std::vector<picture::Stroke>, kWaitClasses> strokes;
    for (std::size_t row = 0; row < gantt.rows; ++row) {
      const double middle = bottom - row_high_ * (static_cast<double>(row) + 0.5);
      for (std::size_t column = 0; column < gantt.columns;) {
        const std::size_t begin = column;
        const std::uint8_t shade = gantt.At(row, column);
        while (column < gantt.columns && gantt.At(row, column) == shade) ++column;
        if (shade == GanttCells::kIdle) continue;
        strokes[shade - 1U].push_back({.x = kPlotLeft + kCellWide * static_cast<double>(begin),
                                       .y = middle,
                                       .length = kCellWide * static_cast<double>(column - begin)});
      }
    }
    for (std::size_t i = 0; i < kWaitClasses; ++i)
      if (!strokes[i].empty()) svg_.Strokes(strokes[i], kWaitShades[i].colour, row_high_);
  }

  void DrawFoot() {
    const double bottom = GanttBottom();
    for (const Mark& mark : EvenMarks(0, x_.high, kMostTimeMarks))
      svg_.Text({x_.At(mark.value), bottom + 17}, mark.label, {.anchor = Anchor::kMiddle, .colour = kInk});
    svg_.Text({kPlotLeft + kPlotWide / 2, bottom + 34},
              std::string("time since the first submit, ") + unit_.name,
              {.size = 12, .anchor = Anchor::kMiddle, .colour = kInk});
    double x = kPlotLeft;
    svg_.Text({x, bottom + 58}, "the job waited:", {.colour = kInk});
    x += 96;
    for (const WaitShade& shade : kWaitShades) {
      svg_.Rectangle({x, bottom + 48}, 12, 12, shade.colour);
      svg_.Text({x + 18, bottom + 58}, shade.label, {.colour = kInk});
      x += 130;
    }
  }

  const Workload& workload_;
  const Starts& starts_;
  const ReplaySpan span_;
  const TimeUnit unit_;
  const LinearScale x_;  // in units
  const std::size_t gantt_rows_;
  const double row_high_;
  Svg svg_;
};

}  // namespace

std::string DrawReplay(const Workload& workload, const Starts& starts, const PictureCaption& caption) {
  return ReplayPicture(workload, starts).Draw(caption);
}

Status WritePicture(const std::string& svg, const std::string& path) {
  std::ofstream out(path);
  out << svg;
  out.close();
  if (out) return OkStatus();
  return Unavailable(path + ": cannot be written: " + std::strerror(errno));
}

}  // namespace bsub::sim
