// What a drill's interruptions cost, and whether anything was lost.
#include <algorithm>
#include <set>
#include <sstream>

#include "cli/drill_report.h"

namespace bsub::cli {
namespace {

// Work until the next save is due, and as much again: a save that is under way does not count yet.
constexpr int kIntervalsToLose = 2;

bool Within(const DrillFacts& facts, std::int64_t at_us) {
  return at_us >= facts.began_at_us && at_us <= facts.ended_at_us;
}

// When it began: by the notice, or by the loss.
std::int64_t BeganAt(const api::Interruption& one) {
  return one.notice_at_us() != 0 ? one.notice_at_us() : one.requeued_at_us();
}

bool IsOver(const api::Job& job) { return job.state() == "SUCCEEDED" || job.state() == "FAILED"; }

// Of all nodes of an attempt, what part it had: 1.5 for a whole one and half of another.
double NodesTaken(const DrillFacts& facts, const api::Attempt& attempt) {
  double nodes = 0;
  for (const std::string& name : attempt.nodes()) {
    const auto node = facts.node_cpu_milli.find(name);
    const bool known =
        node != facts.node_cpu_milli.end() && node->second > 0 && attempt.allocated().cpu_milli() > 0;
    nodes += known ? std::min(1.0, static_cast<double>(attempt.allocated().cpu_milli()) /
                                       static_cast<double>(node->second))
                   : 1.0;
  }
  return nodes;
}

std::int64_t Scaled(std::int64_t us, double by) {
  return static_cast<std::int64_t>(static_cast<double>(us) * by);
}

double NodesOfAttempt(const DrillFacts& facts, const api::Job& job, std::uint32_t number) {
  for (const api::Attempt& attempt : job.attempts()) {
    if (attempt.number() == number) return NodesTaken(facts, attempt);
  }
  return 1;
}

void AddInterruptions(const DrillFacts& facts, const api::Job& job, DrillReport& report) {
  for (const api::Interruption& one : job.interruptions()) {
    if (!Within(facts, std::max(one.notice_at_us(), one.requeued_at_us()))) continue;
    DrillInterruption added{job.display_id(), job.has_checkpoint(), one, -1};
    const std::int64_t stopped = one.outcome() == "saved" ? BeganAt(one) : one.requeued_at_us();
    if (one.resumed_at_us() != 0) added.pause_us = one.resumed_at_us() - stopped;
    report.lost_work_us += one.lost_work_us();
    if (one.requeued_at_us() != 0 && !one.has_lost_work_us()) ++report.unknown_losses;
    report.lost_node_us += Scaled(one.lost_work_us(), NodesOfAttempt(facts, job, one.attempt()));
    report.pause_us += std::max<std::int64_t>(added.pause_us, 0);
    report.interruptions.push_back(std::move(added));
  }
}

void AddTimes(const DrillFacts& facts, const api::Job& job, DrillReport& report) {
  for (const api::Attempt& attempt : job.attempts()) {
    if (attempt.started_at_us() == 0) continue;
    const std::int64_t end = attempt.ended_at_us() == 0 ? facts.ended_at_us : attempt.ended_at_us();
    const std::int64_t from = std::max(attempt.started_at_us(), facts.began_at_us);
    const std::int64_t ran = std::max<std::int64_t>(0, std::min(end, facts.ended_at_us) - from);
    report.run_us += ran;
    report.node_us += Scaled(ran, NodesTaken(facts, attempt));
  }
}

void JudgeThatAllAreThere(const DrillFacts& facts, DrillReport& report) {
  std::set<std::uint64_t> there;
  for (const api::Job& job : facts.jobs) there.insert(job.id());
  for (const std::uint64_t id : facts.jobs_before) {
    if (!there.contains(id)) report.failures.push_back("job " + std::to_string(id) + " is gone");
  }
}

// One of the attempt's nodes was killed before it could save for the notice that another of them, or the
// same, had had.
bool KilledMeanwhile(const DrillFacts& facts, const api::Job& job, const api::Interruption& one) {
  const auto attempt = std::find_if(job.attempts().begin(), job.attempts().end(),
                                    [&](const api::Attempt& a) { return a.number() == one.attempt(); });
  if (attempt == job.attempts().end()) return false;
  return std::any_of(facts.strikes.begin(), facts.strikes.end(), [&](const DoneStrike& done) {
    const auto& nodes = attempt->nodes();
    return done.strike.kind == StrikeKind::kKill && done.refused.empty() &&
           done.at_us >= one.notice_at_us() && done.at_us <= one.requeued_at_us() &&
           std::find(nodes.begin(), nodes.end(), done.strike.node) != nodes.end();
  });
}

// Why an interruption of this job is a loss; empty: it is none.
std::string Loss(const DrillFacts& facts, const api::Job& job, const api::Interruption& one) {
  const std::string why = one.reason().empty() ? "" : " (" + one.reason() + ")";
  const std::string lost = LostText(one) + " of work are lost" + why;
  if (!IsOver(job) && one.resumed_at_us() == 0)
    return "was interrupted on " + one.node() + " and does not run again";
  if (!job.has_checkpoint() || one.outcome() != "not saved") return "";
  if (one.notice_at_us() != 0 && !KilledMeanwhile(facts, job, one))
    return "had a notice and did not save: " + lost;
  const std::int64_t interval = job.checkpoint().interval_us();
  const bool too_much = interval > 0 && one.lost_work_us() > kIntervalsToLose * interval + facts.node_look_us;
  return too_much ? "was to save every " + SecondsText(interval) + " and lost its node: " + lost : "";
}

void JudgeJob(const DrillFacts& facts, const api::Job& job, DrillReport& report) {
  bool interrupted = false;
  for (const api::Interruption& one : job.interruptions()) {
    if (!Within(facts, std::max(one.notice_at_us(), one.requeued_at_us()))) continue;
    interrupted = true;
    if (const std::string loss = Loss(facts, job, one); !loss.empty())
      report.failures.push_back("job " + job.display_id() + " " + loss);
  }
  if (interrupted && job.state() == "FAILED" && job.exit().kind() != "cancelled")
    report.failures.push_back("job " + job.display_id() +
                              " was interrupted and then failed: " + job.reason());
}

void JudgeNodes(const DrillFacts& facts, DrillReport& report) {
  for (const std::string& node : facts.silent_nodes)
    report.failures.push_back("node " + node + " did not come back");
  for (const DoneStrike& done : facts.strikes) {
    if (!done.refused.empty())
      report.failures.push_back(std::string(ToString(done.strike.kind)) + " of " + done.strike.node +
                                " was refused: " + done.refused);
  }
}

}  // namespace

DrillReport Judge(const DrillFacts& facts) {
  DrillReport report;
  for (const api::Job& job : facts.jobs) {
    AddInterruptions(facts, job, report);
    AddTimes(facts, job, report);
  }
  std::stable_sort(report.interruptions.begin(), report.interruptions.end(),
                   [](const auto& a, const auto& b) { return BeganAt(a.facts) < BeganAt(b.facts); });
  JudgeThatAllAreThere(facts, report);
  for (const api::Job& job : facts.jobs) JudgeJob(facts, job, report);
  JudgeNodes(facts, report);
  return report;
}

double DrillReport::overhead() const {
  const std::int64_t useful = run_us - lost_work_us;
  return useful > 0 ? static_cast<double>(lost_work_us + pause_us) / static_cast<double>(useful) : -1;
}

std::string LostText(const api::Interruption& one) {
  if (one.has_lost_work_us()) return SecondsText(one.lost_work_us());
  return one.requeued_at_us() == 0 ? "-" : "unknown seconds";
}

std::string SecondsText(std::int64_t us) {
  std::ostringstream out;
  out.precision(3);
  out << std::fixed << static_cast<double>(us) / 1e6 << " s";
  return out.str();
}

}  // namespace bsub::cli
