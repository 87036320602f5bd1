#include "cli/drill_report.h"

#include <algorithm>
#include <set>
#include <sstream>

#include "cli/moments.h"
#include "cli/table.h"
#include "common/time.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

bool Within(const DrillFacts& facts, std::int64_t at_us) {
  return at_us >= facts.began_at_us && at_us <= facts.ended_at_us;
}

// When it began: by the notice, or by the loss.
std::int64_t BeganAt(const api::Interruption& one) {
  return one.notice_at_us() != 0 ? one.notice_at_us() : one.requeued_at_us();
}

void CollectInterruptions(const DrillFacts& facts, const api::Job& job, DrillReport& report) {
  for (const api::Interruption& one : job.interruptions()) {
    if (!Within(facts, std::max(one.notice_at_us(), one.requeued_at_us()))) continue;
    DrillInterruption added{job.display_id(), job.has_checkpoint(), one, -1};
    if (one.resumed_at_us() != 0) added.pause_us = one.resumed_at_us() - BeganAt(one);
    report.lost_work_us += one.lost_work_us();
    report.pause_us += std::max<std::int64_t>(added.pause_us, 0);
    report.interruptions.push_back(std::move(added));
  }
}

std::int64_t NodeTime(const DrillFacts& facts, const api::Job& job) {
  std::int64_t sum = 0;
  for (const api::Attempt& attempt : job.attempts()) {
    if (attempt.started_at_us() == 0) continue;
    const std::int64_t end = attempt.ended_at_us() == 0 ? facts.ended_at_us : attempt.ended_at_us();
    const std::int64_t from = std::max(attempt.started_at_us(), facts.began_at_us);
    sum += std::max<std::int64_t>(0, std::min(end, facts.ended_at_us) - from) *
           std::max(1, attempt.nodes_size());
  }
  return sum;
}

// It was told that it had been interrupted too often.
bool FailedForInterruptions(const api::Job& job) {
  if (job.state() != "FAILED" || job.attempts().empty()) return false;
  const api::Attempt& last = *job.attempts().rbegin();
  return last.interruption() && last.then() == "failed";
}

void JudgeJobs(const DrillFacts& facts, DrillReport& report) {
  std::set<std::uint64_t> there;
  for (const api::Job& job : facts.jobs) {
    there.insert(job.id());
    if (FailedForInterruptions(job))
      report.failures.push_back("job " + job.display_id() + " failed for its interruptions: " + job.reason());
  }
  for (const std::uint64_t id : facts.jobs_before) {
    if (!there.contains(id)) report.failures.push_back("job " + std::to_string(id) + " is gone");
  }
}

Json MomentJson(std::int64_t at_us) { return at_us == 0 ? Json(nullptr) : Json(FormatUtc(TimePoint(at_us))); }
double Seconds(std::int64_t us) { return static_cast<double>(us) / 1e6; }

std::string SecondsText(std::int64_t us) {
  std::ostringstream out;
  out.precision(3);
  out << std::fixed << Seconds(us) << " s";
  return out.str();
}

// Dollars for the time on nodes.
double Cost(std::int64_t node_us, double price) { return Seconds(node_us) / 3600 * price; }

}  // namespace

DrillReport Judge(const DrillFacts& facts) {
  DrillReport report;
  for (const api::Job& job : facts.jobs) {
    CollectInterruptions(facts, job, report);
    report.node_us += NodeTime(facts, job);
  }
  std::stable_sort(report.interruptions.begin(), report.interruptions.end(),
                   [](const auto& a, const auto& b) { return BeganAt(a.facts) < BeganAt(b.facts); });
  JudgeJobs(facts, report);
  for (const DrillInterruption& one : report.interruptions) {
    const bool warned = one.saves && one.facts.notice_at_us() != 0;
    if (warned && one.facts.outcome() == "not saved")
      report.failures.push_back("job " + one.job + " had a notice and did not save: " +
                                SecondsText(one.facts.lost_work_us()) + " of work are lost");
  }
  for (const std::string& node : facts.silent_nodes)
    report.failures.push_back("node " + node + " did not come back");
  for (const DoneStrike& done : facts.strikes) {
    if (!done.refused.empty())
      report.failures.push_back(std::string(ToString(done.strike.kind)) + " of " + done.strike.node +
                                " was refused: " + done.refused);
  }
  return report;
}

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
    return at_us == 0 ? std::string("-") : LocalTime(at_us).substr(11);
  };
  for (const DrillInterruption& one : report.interruptions) {
    const api::Interruption& f = one.facts;
    table.Add({one.job, std::to_string(f.attempt()), f.node(), time(f.notice_at_us()), time(f.saved_at_us()),
               time(f.requeued_at_us()), time(f.resumed_at_us()),
               f.resumed_on().empty() ? "-" : f.resumed_on(),
               one.pause_us < 0 ? "-" : SecondsText(one.pause_us),
               f.has_lost_work_us() ? SecondsText(f.lost_work_us()) : "-"});
  }
  std::ostringstream out;
  if (!table.empty()) out << table.Render(columns) << "\n";
  out << Count(facts.strikes.size(), "strike", "strikes") << " in "
      << FormatDuration(Duration(facts.ended_at_us - facts.began_at_us)) << "; "
      << Count(report.interruptions.size(), "interruption", "interruptions") << " of "
      << Count(facts.jobs.size(), "job", "jobs") << "; work lost " << SecondsText(report.lost_work_us)
      << ", not running for " << SecondsText(report.pause_us) << "\n";
  if (facts.on_demand_price > 0 && facts.spot_price > 0) {
    out.precision(4);
    out << std::fixed << "Nodes were used for " << Seconds(report.node_us) / 3600
        << " h: " << Cost(report.node_us, facts.spot_price) << " on Spot, of which "
        << Cost(report.lost_work_us, facts.spot_price) << " for lost work; "
        << Cost(report.node_us - report.lost_work_us, facts.on_demand_price) << " on demand\n";
  }
  for (const std::string& failure : report.failures) out << "FAILED: " << failure << "\n";
  if (report.good()) out << "Passed: nothing was lost.\n";
  return out.str();
}

Json ToJson(const DrillFacts& facts, const DrillReport& report) {
  Json json;
  json["passed"] = report.good();
  json["failures"] = report.failures;
  json["beganAt"] = MomentJson(facts.began_at_us);
  json["endedAt"] = MomentJson(facts.ended_at_us);
  json["jobs"] = facts.jobs.size();
  json["lostWorkSeconds"] = Seconds(report.lost_work_us);
  json["pauseSeconds"] = Seconds(report.pause_us);
  json["nodeHours"] = Seconds(report.node_us) / 3600;
  if (facts.on_demand_price > 0 && facts.spot_price > 0) {
    json["costSpot"] = Cost(report.node_us, facts.spot_price);
    json["costOnDemand"] = Cost(report.node_us - report.lost_work_us, facts.on_demand_price);
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
