#include "cli/drill_report.h"

#include <sstream>

#include "cli/moments.h"
#include "cli/table.h"
#include "common/time.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

Json MomentJson(std::int64_t at_us) { return at_us == 0 ? Json(nullptr) : Json(FormatUtc(TimePoint(at_us))); }
double Seconds(std::int64_t us) { return static_cast<double>(us) / 1e6; }

std::string UnknownLosses(const DrillReport& report) {
  if (report.unknown_losses == 0) return "";
  return " and what nobody knows in " + Count(report.unknown_losses, "interruption", "interruptions");
}

std::string Praise(const DrillFacts& facts, const DrillReport& report) {
  if (report.interruptions.empty()) {
    return std::string("Passed, but nothing was put to the test: no job was interrupted. ") +
           (facts.strikes.empty() ? "No node was struck; a higher --rate or a longer --for would."
                                  : "Have jobs run on the nodes that are struck.");
  }
  const bool nothing = report.lost_work_us == 0 && report.unknown_losses == 0;
  return nothing ? "Passed: nothing was lost." : "Passed: no job was lost, and no more work than may be.";
}

// Dollars for the time on nodes.
double Cost(std::int64_t node_us, double price) { return Seconds(node_us) / 3600 * price; }

}  // namespace

std::string RenderTable(const DrillFacts& facts, const DrillReport& report, int columns) {
  Table table({{"JOB"},
               {"ATTEMPT", true},
               {"NODE"},
               {"NOTICE"},
               {"SAVED"},
               {"REQUEUED"},
               {"RESUMED"},
               {"ON"},
               {"PAUSE", true},
               {"LOST", true}});
  const auto time = [](std::int64_t at_us) {
    return at_us == 0 ? std::string("-") : LocalTimeMs(at_us).substr(11);
  };
  for (const DrillInterruption& one : report.interruptions) {
    const api::Interruption& f = one.facts;
    table.Add({one.job, std::to_string(f.attempt()), f.node(), time(f.notice_at_us()), time(f.saved_at_us()),
               time(f.requeued_at_us()), time(f.resumed_at_us()),
               f.resumed_on().empty() ? "-" : f.resumed_on(),
               one.pause_us < 0 ? "-" : SecondsText(one.pause_us), LostText(f)});
  }
  std::ostringstream out;
  if (!table.empty()) out << table.Render(columns) << "\n";
  out << Count(facts.strikes.size(), "strike", "strikes") << " in "
      << FormatDuration(Duration(facts.ended_at_us - facts.began_at_us)) << "; "
      << Count(report.interruptions.size(), "interruption", "interruptions") << " of "
      << Count(facts.jobs.size(), "job", "jobs") << "; work lost " << SecondsText(report.lost_work_us)
      << UnknownLosses(report) << ", not running for " << SecondsText(report.pause_us) << "\n";
  if (report.overhead() >= 0) {
    out.precision(2);
    out << std::fixed << "Overhead: what ran took " << 100 * report.overhead()
        << " % longer than undisturbed\n";
  }
  if (facts.on_demand_price > 0 && facts.spot_price > 0) {
    out.precision(4);
    out << std::fixed << "Nodes were used for " << Seconds(report.node_us) / 3600
        << " h: " << Cost(report.node_us, facts.spot_price) << " on Spot, of which "
        << Cost(report.lost_node_us, facts.spot_price) << " for lost work; "
        << Cost(report.node_us - report.lost_node_us, facts.on_demand_price) << " on demand\n";
  }
  for (const std::string& failure : report.failures) out << "FAILED: " << failure << "\n";
  if (report.good()) out << Praise(facts, report) << "\n";
  return out.str();
}

Json ToJson(const DrillFacts& facts, const DrillReport& report) {
  Json json;
  json["passed"] = report.good();
  json["tested"] = !report.interruptions.empty();
  json["failures"] = report.failures;
  json["beganAt"] = MomentJson(facts.began_at_us);
  json["endedAt"] = MomentJson(facts.ended_at_us);
  json["jobs"] = facts.jobs.size();
  json["lostWorkSeconds"] = Seconds(report.lost_work_us);
  json["unknownLosses"] = report.unknown_losses;
  json["pauseSeconds"] = Seconds(report.pause_us);
  json["runSeconds"] = Seconds(report.run_us);
  json["overhead"] = report.overhead() < 0 ? Json(nullptr) : Json(report.overhead());
  json["nodeHours"] = Seconds(report.node_us) / 3600;
  if (facts.on_demand_price > 0 && facts.spot_price > 0) {
    json["costSpot"] = Cost(report.node_us, facts.spot_price);
    json["costOnDemand"] = Cost(report.node_us - report.lost_node_us, facts.on_demand_price);
  }
  json["strikes"] = Json::array();
  for (const DoneStrike& done : facts.strikes)
    json["strikes"].push_back({{"at", MomentJson(done.at_us)},
                               {"kind", ToString(done.strike.kind)},
                               {"node", done.strike.node},
                               {"seconds", Seconds(done.strike.time.count())},
                               {"refused", done.refused}});
  json["interruptions"] = Json::array();
  for (const DrillInterruption& one : report.interruptions) {
    Json added = ToJson(one.facts);
    added["job"] = one.job;
    added["saves"] = one.saves;
    added["pauseSeconds"] = one.pause_us < 0 ? Json(nullptr) : Json(Seconds(one.pause_us));
    json["interruptions"].push_back(std::move(added));
  }
  return json;
}

}  // namespace bsub::cli
