#include "bench/placement/report.h"

#include <cstdio>
#include <utility>

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

// Three significant digits.
std::string IntervalText(const Interval& interval, bool with_ends) {
  const double size = interval.mean;
  if (!(size > 0)) return "-";
  const int places = size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
  std::string text = Digits(interval.mean, places);
  if (with_ends) text += " (" + Digits(interval.low, places) + "–" + Digits(interval.high, places) + ")";
  return text;
}

// What was not measured counts for nothing; a mean of 0 if nothing was.
Interval MeanOfMeasured(std::vector<double> samples) {
  std::erase_if(samples, [](double sample) { return !(sample > 0); });
  return samples.empty() ? Interval{} : MeanOf(samples);
}

PolicySummary SummariseOne(const PolicyRuns& policy, const PolicyRuns& first) {
  PolicySummary out{.policy = policy.policy};
  out.runs = static_cast<std::uint32_t>(policy.runs.size());
  for (const PlacedRun& run : policy.runs) {
    out.kept += run.kept ? 1 : 0;
    out.racks += double{1} * run.predicted.leaf_switches / out.runs;
    out.hops += double{1} * run.predicted.hops / out.runs;
  }
  for (const Figure& figure : Figures()) {
    std::vector<double> values, ratios;
    for (std::size_t i = 0; i < policy.runs.size(); ++i) {
      const double value = figure.of(policy.runs[i].measured), base = figure.of(first.runs[i].measured);
      values.push_back(value);
      ratios.push_back(base > 0 ? value / base : 0);
    }
    out.figures.push_back(MeanOfMeasured(std::move(values)));
    out.beside_first.push_back(MeanOfMeasured(std::move(ratios)));
  }
  return out;
}

std::string Heading(const Report& report) {
  const Options& asked = report.options;
  std::string text = CountNodes(asked.nodes) + " of " + report.cluster + ", " +
                     Count(asked.ranks_per_node, "rank", "ranks") + " each, " + WorldText(asked);
  if (asked.draws > 1) text += "; geometric means with 95% confidence intervals";
  for (const std::string& fault : asked.faults) text += "\ndegraded: " + fault;
  return text + "\n";
}

std::string FigureTable(const std::vector<PolicySummary>& summary, bool ratios, bool with_ends) {
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
      cells.push_back(Digits(policy.racks, 1));
      cells.push_back(Digits(policy.hops, 1));
    }
    for (const Interval& interval : ratios ? policy.beside_first : policy.figures)
      cells.push_back(IntervalText(interval, with_ends));
    table.Add(std::move(cells));
  }
  return table.Render(0);
}

}  // namespace

std::string WorldText(const Options& options) {
  if (options.real)
    return "on the running cluster, " + Count(options.draws, "job", "jobs") + " for each placement";
  return "on a modelled network, " + Count(options.draws, "draw", "draws") + " with " +
         std::to_string(options.busy_percent) + "% of all nodes busy";
}

std::vector<PolicySummary> Summarise(const std::vector<PolicyRuns>& study) {
  std::vector<PolicySummary> summary;
  for (const PolicyRuns& policy : study) summary.push_back(SummariseOne(policy, study.front()));
  return summary;
}

std::string ReportText(const Report& report) {
  const std::vector<PolicySummary> summary = Summarise(report.study);
  const bool with_ends = report.options.draws > 1;
  std::string text = Heading(report) + "\n" + FigureTable(summary, false, with_ends) + "\nbeside " +
                     summary.front().policy + " on the same draw\n\n" + FigureTable(summary, true, with_ends);
  text += "\nlatency and bandwidth are those of the worst pair of nodes\n";
  if (report.slow.empty())
    return text + "nothing is slower than its level promises by more than " +
           std::to_string(report.options.tolerance_percent) + "%\n";
  text += "\nslower than promised\n";
  for (const SlowPart& part : report.slow) text += "  " + Describe(part) + "\n";
  return text;
}

}  // namespace bsub::placement
