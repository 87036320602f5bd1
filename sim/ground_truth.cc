#include "sim/ground_truth.h"

#include <algorithm>

#include "sim/names.h"
#include "sim/trace.h"

namespace bsub::sim {

using sched::AttemptRef;

void GroundTruth::Started(const AttemptRef& attempt, Process process) {
  if (past_.count(attempt)) throw Violation{Name(attempt) + " runs a second time"};
  CheckAlone(attempt, process);
  CheckNodeAndArray(attempt, process);
  past_[attempt];
  alive_.emplace(attempt, std::move(process));
}

void GroundTruth::CheckAlone(const AttemptRef& attempt, const Process& process) const {
  const std::string here = Name(attempt) + " starts on " + process.node;
  if (!witness_.IsLive(attempt)) throw Violation{here + ", but it is not live in the durable journal"};
  const auto success = successes_.find(attempt.task);
  if (success != successes_.end())
    throw Violation{here + ", but " + Name(success->second) + " succeeded and nobody requeued it"};
  for (auto it = alive_.lower_bound({attempt.task, 0}); it != alive_.end() && it->first.task == attempt.task;
       ++it) {
    if (it->second.can_act())
      throw Violation{here + " while " + Name(it->first) + " is alive on " + it->second.node};
  }
}

void GroundTruth::CheckNodeAndArray(const AttemptRef& attempt, const Process& process) const {
  Resources used = process.allocated;
  std::set<std::int32_t> gpus(process.gpus.begin(), process.gpus.end());
  std::uint32_t siblings = 1;
  for (const auto& [ref, other] : alive_) {
    siblings += ref.task.job == attempt.task.job && other.can_act();
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
  if (limit != 0 && siblings > limit)
    throw Violation{Name(attempt) + ": " + std::to_string(siblings) + " children run, the limit is " +
                    std::to_string(limit)};
}

void GroundTruth::Ended(const AttemptRef& attempt, const End& end, bool remembered) {
  if (alive_.erase(attempt) == 0) throw Violation{"model: " + Name(attempt) + " ends without running"};
  past_[attempt] = {end, true, remembered};
  if (end.Succeeded() && remembered && witness_.IsLive(attempt) &&
      witness_.FindTask(attempt.task)->stop == sched::StopReason::kNone)
    successes_[attempt.task] = attempt;
}

void GroundTruth::Forgotten(const AttemptRef& attempt) {
  past_[attempt].remembered = false;
  const auto it = successes_.find(attempt.task);
  const Witness::Task* task = witness_.FindTask(attempt.task);
  // What is durable in the journal stays a success, whatever a node forgets.
  if (it != successes_.end() && it->second == attempt && task->phase != Witness::Phase::kSucceeded)
    successes_.erase(it);
}

void GroundTruth::CheckEnd(const sched::AttemptEnded& e, TimePoint at) {
  const auto it = past_.find(e.attempt);
  const bool alive = alive_.count(e.attempt) != 0 && alive_.at(e.attempt).can_act();
  if (alive)
    throw Violation{Name(e.attempt) + " counts as over (" + bsub::Describe(e.end) + ") but it is alive"};
  const bool ran = it != past_.end() && it->second.ended;
  const bool own_words = e.end.kind == EndKind::kExited || e.end.kind == EndKind::kSignalled;
  if (own_words && (!ran || it->second.end.kind != e.end.kind || it->second.end.code != e.end.code))
    throw Violation{Name(e.attempt) + " is recorded as " + bsub::Describe(e.end) + ", in truth it " +
                    (ran ? bsub::Describe(it->second.end) : "never ended")};
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
  if (const auto* requeued = std::get_if<sched::TasksRequeued>(&entry.body)) {
    for (const sched::OrdinalRange& range : requeued->tasks) {
      for (std::uint32_t i = range.first; i <= range.last; ++i) successes_.erase({requeued->job, i});
    }
  }
}

std::string GroundTruth::Describe() const {
  std::string text;
  for (const auto& [ref, process] : alive_) text += Name(ref) + " on " + process.node + "; ";
  return text.empty() ? "nothing runs" : text;
}

}  // namespace bsub::sim
