// The picture of a drill: time to the right, a band per node with as many lanes as attempts ran there at
// once, a bar per attempt, a mark per strike and per save.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "cli/drill_report.h"
#include "common/picture/chart_scale.h"
#include "common/picture/svg.h"
#include "common/time.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

using picture::Anchor;
using picture::Svg;

// Pixels.
constexpr double kWidth = 960;
constexpr double kRight = 40;
constexpr double kTop = 64;      // title and legend
constexpr double kStrip = 14;    // of a band, above its lanes: what the strikes are
constexpr double kBandGap = 8;   // between bands
constexpr double kFoot = 44;     // axis
constexpr double kLetter = 6.2;  // of a text of size 11, about
constexpr double kFullLane = 16, kThinLane = 4, kLanesHeight = 800;

constexpr const char* kNoticed = "#e85d04";
constexpr const char* kGone = "#d00000";
constexpr const char* kSaved = "#2d6a4f";

struct Bar {
  const api::Job* job = nullptr;
  const api::Attempt* attempt = nullptr;
  std::int64_t from_us = 0, to_us = 0;
  std::size_t lane = 0;
};

struct Band {
  std::vector<Bar> bars;
  std::size_t lanes = 1;
  double top = 0;  // of its lanes
};

struct NaturalOrder {
  bool operator()(const std::string& a, const std::string& b) const { return a != b && NaturalLess(a, b); }
};
using Bands = std::map<std::string, Band, NaturalOrder>;  // by node

void AddBars(const DrillFacts& facts, const api::Job& job, Bands& bands) {
  for (const api::Attempt& attempt : job.attempts()) {
    if (attempt.started_at_us() == 0) continue;
    const std::int64_t end = attempt.ended_at_us() == 0 ? facts.ended_at_us : attempt.ended_at_us();
    if (end < facts.began_at_us || attempt.started_at_us() > facts.ended_at_us) continue;
    for (const std::string& node : attempt.nodes())
      bands[node].bars.push_back({&job, &attempt, attempt.started_at_us(), end});
  }
}

// Each bar gets the first lane that is free by then.
void AssignLanes(Band& band) {
  std::stable_sort(band.bars.begin(), band.bars.end(),
                   [](const Bar& a, const Bar& b) { return a.from_us < b.from_us; });
  std::vector<std::int64_t> free_from;
  for (Bar& bar : band.bars) {
    const auto lane = std::find_if(free_from.begin(), free_from.end(),
                                   [&](std::int64_t from_us) { return from_us <= bar.from_us; });
    bar.lane = static_cast<std::size_t>(lane - free_from.begin());
    if (lane == free_from.end()) free_from.emplace_back();
    free_from[bar.lane] = bar.to_us;
  }
  band.lanes = std::max<std::size_t>(free_from.size(), 1);
}

Bands BandsOf(const DrillFacts& facts) {
  Bands bands;
  for (const DoneStrike& done : facts.strikes) bands[done.strike.node];
  for (const api::Job& job : facts.jobs) AddBars(facts, job, bands);
  for (auto& [name, band] : bands) AssignLanes(band);
  return bands;
}

double LaneHeight(const Bands& bands) {
  std::size_t lanes = 1;
  for (const auto& [name, band] : bands) lanes += band.lanes;
  return std::clamp(kLanesHeight / static_cast<double>(lanes), kThinLane, kFullLane);
}

// Sets where each band is; returns the picture's height.
double Arrange(Bands& bands, double lane) {
  double y = kTop;
  for (auto& [name, band] : bands) {
    band.top = y + kStrip;
    y = band.top + static_cast<double>(band.lanes) * lane + kBandGap;
  }
  return y + kFoot;
}

double WidthOfNames(const Bands& bands) {
  std::size_t longest = 0;
  for (const auto& [name, band] : bands) longest = std::max(longest, name.size());
  return std::clamp(16 + static_cast<double>(longest) * kLetter, 60.0, 240.0);
}

struct TimeUnit {
  const char* name;
  double us;
};
TimeUnit UnitOf(double length_us) {
  if (length_us >= 3 * 3600e6) return {"hours", 3600e6};
  return length_us >= 180e6 ? TimeUnit{"minutes", 60e6} : TimeUnit{"seconds", 1e6};
}

bool IsFailure(StrikeKind kind) { return kind == StrikeKind::kKill || kind == StrikeKind::kPartition; }

class DrillPicture {
 public:
  DrillPicture(const DrillFacts& facts, const DrillReport& report)
      : facts_(facts),
        report_(report),
        bands_(BandsOf(facts)),
        lane_(LaneHeight(bands_)),
        height_(Arrange(bands_, lane_)),
        left_(WidthOfNames(bands_)),
        svg_(kWidth, height_) {}

  std::string Draw() {
    DrawHead();
    DrawAxis();
    for (const auto& [name, band] : bands_) {
      Text(4, band.top + std::min(lane_, kFullLane) - 4, name);
      svg_.Rectangle({left_, band.top}, kWidth - left_ - kRight, Height(band), "none", "#dddddd");
      for (const Bar& bar : band.bars) DrawBar(band, bar);
      DrawStrikes(name, band);
    }
    return svg_.Document();
  }

 private:
  double Height(const Band& band) const { return static_cast<double>(band.lanes) * lane_; }
  double X(std::int64_t at_us) const {
    const picture::LinearScale scale{
        static_cast<double>(facts_.began_at_us),
        static_cast<double>(std::max(facts_.ended_at_us, facts_.began_at_us + 1)), left_, kWidth - kRight};
    return scale.At(static_cast<double>(std::clamp(at_us, facts_.began_at_us, facts_.ended_at_us)));
  }
  void Text(double x, double y, const std::string& text, const char* fill = "black",
            Anchor anchor = Anchor::kStart) {
    svg_.Text({x, y}, text, {.size = 11, .anchor = anchor, .colour = fill});
  }
  void Mark(double x, double y, double height, const char* colour, const std::string& title) {
    svg_.Rectangle({x - 1, y}, 2, height, colour, "none", 1, title);
  }

  void DrawHead() {
    const std::string title = "Drill of " +
                              FormatDuration(Duration(facts_.ended_at_us - facts_.began_at_us)) + ": " +
                              Count(facts_.strikes.size(), "strike", "strikes") + ", " +
                              Count(report_.interruptions.size(), "interruption", "interruptions") + " of " +
                              Count(facts_.jobs.size(), "job", "jobs");
    svg_.Text({4, 20}, title, {.size = 14, .bold = true});
    struct Sign {
      const char* text;
      const char* fill;
      const char* stroke;
      double width;
    };
    static constexpr Sign kSigns[] = {{"an attempt, job#attempt, coloured by job", "#8ecae6", "#555555", 18},
                                      {"interrupted", "#8ecae6", kGone, 18},
                                      {"notice", kNoticed, "none", 2},
                                      {"killed or cut off", kGone, "none", 2},
                                      {"saved", kSaved, "none", 2}};
    double x = 4;
    for (const Sign& sign : kSigns) {
      svg_.Rectangle({x, 34}, sign.width, 12, sign.fill, sign.stroke, sign.stroke == kGone ? 2 : 1);
      Text(x + sign.width + 5, 44, sign.text);
      x += sign.width + 25 + kLetter * static_cast<double>(std::string_view(sign.text).size());
    }
  }

  void DrawAxis() {
    const double length =
        static_cast<double>(std::max<std::int64_t>(facts_.ended_at_us - facts_.began_at_us, 1));
    const TimeUnit unit = UnitOf(length);
    const double bottom = height_ - kFoot;
    for (const picture::Mark& mark : picture::EvenMarks(0, length / unit.us, 10)) {
      const double x = X(facts_.began_at_us + static_cast<std::int64_t>(mark.value * unit.us));
      svg_.Line({x, kTop}, {x, bottom + 4}, "#eeeeee", 1);
      Text(x, bottom + 16, mark.label, "#555555", Anchor::kMiddle);
    }
    Text((left_ + kWidth - kRight) / 2, bottom + 34, std::string(unit.name) + " since the drill began",
         "#555555", Anchor::kMiddle);
  }

  void DrawBar(const Band& band, const Bar& bar) {
    static constexpr const char* kColours[] = {"#8ecae6", "#b7e4c7", "#ffd6a5",
                                               "#cdb4db", "#f4acb7", "#e9edc9"};
    const double x = X(bar.from_us);
    const double y = band.top + static_cast<double>(bar.lane) * lane_;
    const double width = std::max(X(bar.to_us) - x, 1.0);
    const std::string label = bar.job->display_id() + "#" + std::to_string(bar.attempt->number());
    const std::string end = bar.attempt->has_exit() ? bar.attempt->exit().text() : bar.attempt->phase();
    const bool interrupted = bar.attempt->interruption();
    svg_.Rectangle({x, y + 1}, width, lane_ - 2, kColours[bar.job->id() % std::size(kColours)],
                   interrupted ? kGone : "#555555", interrupted ? 1.5 : 0.5,
                   "job " + bar.job->display_id() + ", attempt " + std::to_string(bar.attempt->number()) +
                       ", " + SecondsText(bar.to_us - bar.from_us) + ": " + end);
    const bool fits = lane_ >= 12 && width >= kLetter * static_cast<double>(label.size()) + 8;
    if (fits) Text(x + 4, y + lane_ - 4, label);
    for (const DrillInterruption& one : report_.interruptions) {
      if (one.job != bar.job->display_id() || one.facts.attempt() != bar.attempt->number()) continue;
      if (one.facts.saved_at_us() != 0)
        Mark(X(one.facts.saved_at_us()), y, lane_, kSaved, "job " + one.job + " saved");
    }
  }

  // A label is left out where the one before it still stands; its mark says the same where the mouse is.
  void DrawStrikes(const std::string& node, const Band& band) {
    double taken_until = 0;
    for (const DoneStrike& done : facts_.strikes) {
      if (done.strike.node != node) continue;
      const double x = X(done.at_us);
      const std::string kind(ToString(done.strike.kind));
      const char* colour = IsFailure(done.strike.kind) ? kGone : kNoticed;
      Mark(x, band.top - kStrip, kStrip + Height(band), colour,
           kind + " of " + node + (done.refused.empty() ? "" : ": refused, " + done.refused));
      if (done.strike.kind == StrikeKind::kSpot)
        Mark(X(done.at_us + done.strike.time.count()), band.top - kStrip, kStrip + Height(band), kGone,
             node + " is killed");
      const double width = kLetter * static_cast<double>(kind.size()) + 8;
      if (x < taken_until || x + width > kWidth) continue;
      Text(x + 4, band.top - 3, kind, colour);
      taken_until = x + width;
    }
  }

  const DrillFacts& facts_;
  const DrillReport& report_;
  Bands bands_;
  const double lane_;
  const double height_;
  const double left_;
  Svg svg_;
};

}  // namespace

std::string DrawTimeline(const DrillFacts& facts, const DrillReport& report) {
  return DrillPicture(facts, report).Draw();
}

}  // namespace bsub::cli
