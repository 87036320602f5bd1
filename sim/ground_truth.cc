#include "sim/ground_truth.h"

#include <algorithm>

#include "sim/names.h"
#include "sim/trace.h"

namespace bsub::sim {

using sched::AttemptRef;

bool GroundTruth::IsGang(const AttemptRef& attempt) const {
  return witness_.jobs().at(attempt.task.job).spec.settings->gang.several();
}

void GroundTruth::Started(const AttemptRef& attempt, Process process) {
  const Place place{attempt, process.node};
  if (past_.count(place)) throw Violation{Name(attempt) + " runs a second time on " + process.node};
  CheckAlone(attempt, process);
  CheckNodeAndArray(attempt, process);
  past_[place];
  alive_.emplace(place, std::move(process));
}

// A task runs as one attempt, on the nodes that it was placed on.
void GroundTruth::CheckAlone(const AttemptRef& attempt, const Process& process) const {
  const std::string here = Name(attempt) + " starts on " + process.node;
  if (!witness_.IsLive(attempt)) throw Violation{here + ", but it is not live in the durable journal"};
  const Witness::Task::Part* part = witness_.FindTask(attempt.task)->PartOn(process.node);
  if (!part || part->over) throw Violation{here + ", where it was not placed or is over"};
  const auto success = successes_.find(attempt.task);
  if (success != successes_.end())
    throw Violation{here + ", but " + Name(success->second) + " succeeded and nobody requeued it"};
  for (const auto& [place, other] : alive_) {
    const bool same = place.attempt.task == attempt.task && place.attempt != attempt;
    if (same && other.can_act())
      throw Violation{here + " while " + Name(place.attempt) + " is alive on " + other.node};
  }
}

void GroundTruth::CheckNodeAndArray(const AttemptRef& attempt, const Process& process) const {
  Resources used = process.allocated;
  std::set<std::int32_t> gpus(process.gpus.begin(), process.gpus.end());
  std::set<std::uint32_t> siblings = {attempt.task.ordinal};
  for (const auto& [place, other] : alive_) {
    if (place.attempt.task.job == attempt.task.job && other.can_act())
      siblings.insert(place.attempt.task.ordinal);
    if (other.node != process.node) continue;
    used += other.allocated;
    for (const std::int32_t gpu : other.gpus) {
      if (!gpus.insert(gpu).second)
        throw Violation{Name(attempt) + ": GPU " + std::to_string(gpu) + " of " + process.node +
                        " is in use"};
    }
  }
  if (!used.Fits(process.node_total))
    throw Violation{process.node + " is oversubscribed by " + Name(attempt) + ": " + bsub::Describe(used) +
                    " of " + bsub::Describe(process.node_total)};
  const Witness::Job& job = witness_.jobs().at(attempt.task.job);
  const std::uint32_t limit = job.spec.array ? job.spec.array->concurrency() : 0;
  if (limit != 0 && siblings.size() > limit)
    throw Violation{Name(attempt) + ": " + std::to_string(siblings.size()) + " children run, the limit is " +
                    std::to_string(limit)};
}

void GroundTruth::Ended(const AttemptRef& attempt, const std::string& node, const End& end, bool remembered) {
  if (alive_.erase({attempt, node}) == 0)
    throw Violation{"model: " + Name(attempt) + " ends without running"};
  past_[{attempt, node}] = {end, true, remembered};
  // One part's success is not yet the task's.
  if (end.Succeeded() && remembered && witness_.IsLive(attempt) && !IsGang(attempt) &&
      witness_.FindTask(attempt.task)->stop == sched::StopReason::kNone)
    successes_[attempt.task] = attempt;
}

void GroundTruth::Forgotten(const AttemptRef& attempt, const std::string& node) {
  past_[{attempt, node}].remembered = false;
  const auto it = successes_.find(attempt.task);
  const Witness::Task* task = witness_.FindTask(attempt.task);
  // What is durable in the journal stays a success, whatever a node forgets.
  if (it != successes_.end() && it->second == attempt && task->phase != Witness::Phase::kSucceeded)
    successes_.erase(it);
}

bool GroundTruth::ActsAnywhere(const AttemptRef& attempt) const {
  return std::any_of(alive_.begin(), alive_.end(), [&](const auto& entry) {
    return entry.first.attempt == attempt && entry.second.can_act();
  });
}

// Part `part` counts as over, with this end.
void GroundTruth::CheckPartEnd(const AttemptRef& attempt, std::uint32_t part, const End& end) const {
  const std::string& node = witness_.FindTask(attempt.task)->parts.at(part).node_name;
  const auto alive = alive_.find({attempt, node});
  const std::string name = Name(attempt) + " on " + node;
  if (alive != alive_.end() && alive->second.can_act())
    throw Violation{name + " counts as over (" + bsub::Describe(end) + ") but it is alive"};
  const auto past = past_.find({attempt, node});
  const bool ran = past != past_.end() && past->second.ended;
  const bool own_words = end.kind == EndKind::kExited || end.kind == EndKind::kSignalled;
  if (own_words && (!ran || past->second.end.kind != end.kind || past->second.end.code != end.code))
    throw Violation{name + " is recorded as " + bsub::Describe(end) + ", in truth it " +
                    (ran ? bsub::Describe(past->second.end) : "never ended")};
}

void GroundTruth::CheckEnd(const sched::AttemptEnded& e, TimePoint at) {
  if (ActsAnywhere(e.attempt))
    throw Violation{Name(e.attempt) + " counts as over (" + bsub::Describe(e.end) + ") but it is alive"};
  if (IsGang(e.attempt)) {
    CheckPartEnd(e.attempt, e.last_part, e.last_end);
    if (e.then == sched::AfterAttempt::kSucceeded) CheckGangSuccess(e);
  } else {
    CheckPartEnd(e.attempt, 0, e.end);
  }
  CheckSuccess(e, at);
}

// By the rule that it was submitted with.
void GroundTruth::CheckGangSuccess(const sched::AttemptEnded& e) const {
  const bool all = witness_.jobs().at(e.attempt.task.job).spec.settings->gang.end == GangEnd::kAny;
  const auto& parts = witness_.FindTask(e.attempt.task)->parts;
  for (std::size_t i = 0; i < (all ? parts.size() : 1); ++i) {
    const auto past = past_.find({e.attempt, parts[i].node_name});
    if (past == past_.end() || !past->second.ended || !past->second.end.Succeeded())
      throw Violation{Name(e.attempt) + " counts as success, but its part on " + parts[i].node_name +
                      " did not succeed"};
  }
}

void GroundTruth::CheckSuccess(const sched::AttemptEnded& e, TimePoint at) {
  const auto success = successes_.find(e.attempt.task);
  if (e.then == sched::AfterAttempt::kSucceeded) {
    successes_[e.attempt.task] = e.attempt;
  } else if (success != successes_.end() && success->second == e.attempt) {
    // Given away although it had succeeded: only where nobody could know.
    const bool person = e.end.kind == EndKind::kCancelled || e.end.kind == EndKind::kRequeued;
    // A lease that ran out, or a person's word. A node that registers tells what it remembers, in that
    // instant.
    const bool unheard = e.end.kind == EndKind::kNodeLost && witness_.nodes().count(e.node) &&
                         witness_.nodes().at(e.node).registered_at != at;
    if (!person && !unheard)
      throw Violation{Name(e.attempt) + " succeeded, which its node remembers, but is recorded as " +
                      bsub::Describe(e.end)};
    successes_.erase(success);
  }
}

void GroundTruth::Check(const sched::JournalEntry& entry) {
  if (const auto* ended = std::get_if<sched::AttemptEnded>(&entry.body)) CheckEnd(*ended, entry.at);
  if (const auto* part = std::get_if<sched::PartEnded>(&entry.body))
    CheckPartEnd(part->attempt, part->part, part->end);
  if (const auto* requeued = std::get_if<sched::TasksRequeued>(&entry.body)) {
    for (const sched::OrdinalRange& range : requeued->tasks) {
      for (std::uint32_t i = range.first; i <= range.last; ++i) successes_.erase({requeued->job, i});
    }
  }
}

std::string GroundTruth::Describe() const {
  std::string text;
  for (const auto& [place, process] : alive_) text += Name(place.attempt) + " on " + process.node + "; ";
  return text.empty() ? "nothing runs" : text;
}

}  // namespace bsub::sim
