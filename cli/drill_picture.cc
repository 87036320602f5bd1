// The picture of a drill: time to the right, a row per node, a bar per attempt, a mark per strike.
#include <algorithm>
#include <map>
#include <set>

#include "cli/drill_report.h"
#include "common/picture/svg.h"
#include "common/time.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

constexpr int kWidth = 960;
constexpr int kLeft = 90;
constexpr int kRight = 20;
constexpr int kTop = 30;
constexpr int kRow = 34;
constexpr int kBar = 18;

using picture::Svg;

using Rows = std::map<std::string, int, std::less<>>;  // the top of each node's

Rows RowsOf(const DrillFacts& facts) {
  std::set<std::string, bool (*)(std::string_view, std::string_view)> names(
      [](std::string_view a, std::string_view b) { return a != b && NaturalLess(a, b); });
  for (const DoneStrike& done : facts.strikes) names.insert(done.strike.node);
  for (const api::Job& job : facts.jobs) {
    for (const api::Attempt& attempt : job.attempts())
      names.insert(attempt.nodes().begin(), attempt.nodes().end());
  }
  Rows rows;
  for (const std::string& name : names) {
    const int row = static_cast<int>(rows.size());
    rows[name] = kTop + row * kRow;
  }
  return rows;
}

class Timeline {
 public:
  Timeline(const DrillFacts& facts, const DrillReport& report)
      : facts_(facts), report_(report), rows_(RowsOf(facts)), svg_(kWidth, Height()) {}

  std::string Draw() {
    DrawAxis(Height() - 20);
    for (const auto& [name, y] : rows_) Text(4, y + 14, name, "black");
    for (const api::Job& job : facts_.jobs) {
      for (const api::Attempt& attempt : job.attempts()) DrawAttempt(job, attempt);
    }
    for (const DoneStrike& done : facts_.strikes) DrawStrike(done);
    for (const DrillInterruption& one : report_.interruptions) DrawSave(one);
    return svg_.Document();
  }

 private:
  int Height() const { return kTop + static_cast<int>(rows_.size()) * kRow + 30; }
  double X(std::int64_t at_us) const {
    const double length =
        static_cast<double>(std::max<std::int64_t>(facts_.ended_at_us - facts_.began_at_us, 1));
    const auto at =
        static_cast<double>(std::clamp(at_us, facts_.began_at_us, facts_.ended_at_us) - facts_.began_at_us);
    return kLeft + at / length * (kWidth - kLeft - kRight);
  }
  void Text(double x, double y, const std::string& text, const char* fill) {
    svg_.Text({x, y}, text, {.size = 12, .colour = fill});
  }
  void Line(double x, double y1, double y2, const char* stroke) { svg_.Line({x, y1}, {x, y2}, stroke, 2); }
  void DrawAxis(int y) {
    constexpr int kTicks = 6;
    const std::int64_t length = facts_.ended_at_us - facts_.began_at_us;
    for (int i = 0; i <= kTicks; ++i) {
      const std::int64_t at = length / kTicks * i;
      Text(X(facts_.began_at_us + at) - 10, y + 12, FormatDuration(Duration(at / 100'000 * 100'000)), "gray");
    }
  }
  void DrawAttempt(const api::Job& job, const api::Attempt& attempt) {
    static constexpr const char* kColours[] = {"#8ecae6", "#b7e4c7", "#ffd6a5",
                                               "#cdb4db", "#f4acb7", "#e9edc9"};
    if (attempt.started_at_us() == 0) return;
    const std::int64_t end = attempt.ended_at_us() == 0 ? facts_.ended_at_us : attempt.ended_at_us();
    const double x = X(attempt.started_at_us());
    for (const std::string& node : attempt.nodes()) {
      const int y = rows_.at(node);
      const std::string end_text = attempt.has_exit() ? attempt.exit().text() : attempt.phase();
      svg_.Rectangle(
          {x, static_cast<double>(y)}, std::max(X(end) - x, 1.0), kBar,
          kColours[job.id() % std::size(kColours)], "#555555", 1,
          "job " + job.display_id() + ", attempt " + std::to_string(attempt.number()) + ": " + end_text);
      Text(x + 3, y + 13, job.display_id() + "#" + std::to_string(attempt.number()), "black");
    }
  }
  void DrawStrike(const DoneStrike& done) {
    const int y = rows_.at(done.strike.node);
    const bool failure = done.strike.kind == StrikeKind::kKill || done.strike.kind == StrikeKind::kPartition;
    Line(X(done.at_us), y - 4, y + kBar + 8, failure ? "#d00000" : "#e85d04");
    Text(X(done.at_us) + 3, y + kBar + 11, std::string(ToString(done.strike.kind)),
         failure ? "#d00000" : "#e85d04");
    if (done.strike.kind == StrikeKind::kSpot)
      Line(X(done.at_us + done.strike.time.count()), y - 4, y + kBar + 8, "#d00000");
  }
  void DrawSave(const DrillInterruption& one) {
    const auto row = rows_.find(one.facts.node());
    if (row != rows_.end() && one.facts.saved_at_us() != 0)
      Line(X(one.facts.saved_at_us()), row->second, row->second + kBar, "#2d6a4f");
  }

  const DrillFacts& facts_;
  const DrillReport& report_;
  const Rows rows_;
  Svg svg_;
};

}  // namespace

std::string DrawTimeline(const DrillFacts& facts, const DrillReport& report) {
  return Timeline(facts, report).Draw();
}

}  // namespace bsub::cli
