#include "bench/placement/report.h"

#include <algorithm>
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

DrawSummary SummariseDraws(const PolicyRuns& policy, const PolicyRuns& first, bool kept) {
  DrawSummary out;
  std::vector<std::size_t> draws;
  for (std::size_t i = 0; i < policy.runs.size(); ++i) {
    if (policy.runs[i].kept == kept) draws.push_back(i);
  }
  if (draws.empty()) return out;
  out.draws = static_cast<std::uint32_t>(draws.size());
  for (const std::size_t i : draws) {
    out.racks += double{1} * policy.runs[i].predicted.leaf_switches / out.draws;
    out.hops += double{1} * policy.runs[i].predicted.hops / out.draws;
  }
  for (const Figure& figure : Figures()) {
    std::vector<double> values, ratios;
    for (const std::size_t i : draws) {
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

struct TableStyle {
  bool ratios = false;  // beside the first policy
  bool with_ends = false;
};

void AddDraws(cli::Table& table, const std::string& title, const DrawSummary& of, std::uint32_t all,
              const TableStyle& style) {
  if (of.draws == 0) return;
  std::vector<std::string> cells = {title, std::to_string(of.draws) + "/" + std::to_string(all)};
  if (!style.ratios) {
    cells.push_back(Digits(of.racks, 1));
    cells.push_back(Digits(of.hops, 1));
  }
  for (const Interval& interval : style.ratios ? of.beside_first : of.figures)
    cells.push_back(IntervalText(interval, style.with_ends));
  table.Add(std::move(cells));
}

std::string FigureTable(const std::vector<PolicySummary>& summary, const TableStyle& style) {
  std::vector<cli::Column> columns = {{.title = "PLACEMENT"}, {.title = "DRAWS", .right = true}};
  if (!style.ratios) {
    for (const char* title : {"RACKS", "HOPS"}) columns.push_back({.title = title, .right = true});
  }
  for (const Figure& figure : Figures()) {
    const std::string unit = style.ratios ? "" : " [" + std::string(figure.unit) + "]";
    columns.push_back({.title = std::string(figure.title) + unit, .right = true});
  }
  cli::Table table(std::move(columns));
  for (const PolicySummary& policy : summary) {
    AddDraws(table, policy.policy, policy.kept, policy.draws(), style);
    AddDraws(table, policy.policy + ", not kept", policy.not_kept, policy.draws(), style);
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
  for (const PolicyRuns& policy : study) {
    summary.push_back({.policy = policy.policy,
                       .kept = SummariseDraws(policy, study.front(), true),
                       .not_kept = SummariseDraws(policy, study.front(), false)});
  }
  return summary;
}

std::string LabelOf(const PolicySummary& policy) {
  if (policy.not_kept.draws == 0) return policy.policy;
  if (policy.kept.draws == 0) return policy.policy + " (never kept)";
  return policy.policy + " (kept in " + std::to_string(policy.kept.draws) + " of " +
         std::to_string(policy.draws()) + ")";
}

std::string ReportText(const Report& report) {
  const std::vector<PolicySummary> summary = Summarise(report.study);
  const bool with_ends = report.options.draws > 1;
  std::string text = Heading(report) + "\n" +
                     FigureTable(summary, {.ratios = false, .with_ends = with_ends}) + "\nbeside " +
                     summary.front().policy + ":preferred on the same draw\n\n" +
                     FigureTable(summary, {.ratios = true, .with_ends = with_ends});
  text += "\nlatency and bandwidth are those of the worst pair of nodes\n";
  if (std::ranges::any_of(summary, [](const PolicySummary& policy) { return policy.not_kept.draws > 0; }))
    text += "not kept: the job got the nodes that PLACEMENT:preferred takes where PLACEMENT cannot be kept\n";
  if (report.slow.empty())
    return text + "nothing is slower than its level promises by more than " +
           std::to_string(report.options.tolerance_percent) + "%\n";
  text += "\nslower than promised\n";
  for (const SlowPart& part : report.slow) text += "  " + Describe(part) + "\n";
  return text;
}

}  // namespace bsub::placement
