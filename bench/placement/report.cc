#include "bench/placement/report.h"

#include <cmath>
#include <cstdio>

#include "bench/placement/figures.h"
#include "cli/table.h"
#include "jobs/text.h"

namespace bsub::placement {
namespace {

std::string Digits(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

// Three significant digits; the width of the interval with as many places behind the point.
std::string IntervalText(const Interval& interval, bool with_width) {
  const double size = std::fabs(interval.mean);
  const int places = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  return Digits(interval.mean, places) + (with_width ? " ±" + Digits(interval.half_width, places) : "");
}

template <typename Of>
Interval Over(const std::vector<PlacedRun>& runs, Of of) {
  std::vector<double> samples;
  for (const PlacedRun& run : runs) samples.push_back(of(run));
  return MeanOf(samples);
}

PolicySummary SummariseOne(const PolicyRuns& policy, const PolicyRuns& first) {
  PolicySummary out{.policy = policy.policy};
  out.runs = static_cast<std::uint32_t>(policy.runs.size());
  for (const PlacedRun& run : policy.runs) out.kept += run.kept ? 1 : 0;
  out.racks = Over(policy.runs, [](const PlacedRun& run) { return double{1} * run.predicted.leaf_switches; });
  out.hops = Over(policy.runs, [](const PlacedRun& run) { return double{1} * run.predicted.hops; });
  for (const Figure& figure : Figures()) {
    out.figures.push_back(Over(policy.runs, [&](const PlacedRun& run) { return figure.of(run.measured); }));
    std::vector<double> ratios;
    for (std::size_t i = 0; i < policy.runs.size(); ++i) {
      const double base = figure.of(first.runs[i].measured);
      if (base > 0) ratios.push_back(figure.of(policy.runs[i].measured) / base);
    }
    out.beside_first.push_back(ratios.empty() ? Interval{} : MeanOf(ratios));
  }
  return out;
}

std::string Heading(const Report& report) {
  const Options& asked = report.options;
  std::string text = CountNodes(asked.nodes) + " of " + report.cluster + ", " +
                     Count(asked.ranks_per_node, "rank", "ranks") + " each, on a modelled network; " +
                     Count(asked.draws, "draw", "draws") + " with " + std::to_string(asked.busy_percent) +
                     "% of all nodes busy";
  if (asked.draws > 1) text += "; ± is the 95% confidence interval of the mean";
  for (const std::string& fault : asked.faults) text += "\ndegraded: " + fault;
  return text + "\n";
}

std::string FigureTable(const std::vector<PolicySummary>& summary, bool ratios, bool with_width) {
  std::vector<cli::Column> columns = {{.title = "PLACEMENT"}};
  if (!ratios) {
    for (const char* title : {"KEPT", "RACKS", "HOPS"}) columns.push_back({.title = title, .right = true});
  }
  for (const Figure& figure : Figures()) {
    const std::string unit = ratios ? "" : " [" + std::string(figure.unit) + "]";
    columns.push_back({.title = std::string(figure.title) + unit, .right = true});
  }
  cli::Table table(std::move(columns));
  for (const PolicySummary& policy : summary) {
    std::vector<std::string> cells = {policy.policy};
    if (!ratios) {
      cells.push_back(std::to_string(policy.kept) + "/" + std::to_string(policy.runs));
      cells.push_back(Digits(policy.racks.mean, 1));
      cells.push_back(Digits(policy.hops.mean, 1));
    }
    for (const Interval& interval : ratios ? policy.beside_first : policy.figures)
      cells.push_back(IntervalText(interval, with_width));
    table.Add(std::move(cells));
  }
  return table.Render(0);
}

}  // namespace

std::vector<PolicySummary> Summarise(const std::vector<PolicyRuns>& study) {
  std::vector<PolicySummary> summary;
  for (const PolicyRuns& policy : study) summary.push_back(SummariseOne(policy, study.front()));
  return summary;
}

std::string ReportText(const Report& report) {
  const std::vector<PolicySummary> summary = Summarise(report.study);
  const bool with_width = report.options.draws > 1;
  std::string text = Heading(report) + "\n" + FigureTable(summary, false, with_width) + "\nbeside " +
                     summary.front().policy + " on the same draw\n\n" +
                     FigureTable(summary, true, with_width);
  text += "\nlatency and bandwidth are those of the worst pair of nodes\n";
  if (report.slow.empty())
    return text + "nothing is slower than its level promises by more than " +
           std::to_string(report.options.tolerance_percent) + "%\n";
  text += "\nslower than promised\n";
  for (const SlowPart& part : report.slow) text += "  " + Describe(part) + "\n";
  return text;
}

}  // namespace bsub::placement
