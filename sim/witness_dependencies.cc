// Dependencies by the plainest recursion over the expression, one task at a time; and the comparison with the
// core's state.
#include "sim/names.h"
#include "sim/witness.h"

namespace bsub::sim {
namespace {

Truth3 Judge(bool met, bool never) { return met ? Truth3::kMet : never ? Truth3::kNever : Truth3::kOpen; }

Truth3 Not(Truth3 t) {
  return t == Truth3::kMet ? Truth3::kNever : t == Truth3::kNever ? Truth3::kMet : Truth3::kOpen;
}

Truth3 And(Truth3 a, Truth3 b) {
  if (a == Truth3::kNever || b == Truth3::kNever) return Truth3::kNever;
  return a == Truth3::kMet && b == Truth3::kMet ? Truth3::kMet : Truth3::kOpen;
}

using Task = Witness::Task;
using Phase = Witness::Phase;

bool CodeMatches(const DependencyNode& node, const Task& task) {
  return task.phase == Phase::kFailed && Matches(node.compare, node.exit_code, task.exit_code);
}

Truth3 OfTask(const DependencyNode& node, const Task& task) {
  switch (node.condition) {
    case Condition::kDone:
    case Condition::kSequential:
      return Judge(task.phase == Phase::kSucceeded, task.phase == Phase::kFailed);
    case Condition::kEnded:
      return Judge(task.over(), false);
    case Condition::kStarted:
      return Judge(task.ever_started, task.over());
    case Condition::kExit:
      return Judge(CodeMatches(node, task), task.over());
  }
  return Truth3::kOpen;
}

Truth3 OfArray(const DependencyNode& node, const Witness::Job& target) {
  bool over = true, any_failed = false, any_started = false, any_code = false;
  for (const Task& task : target.tasks) {
    over = over && task.over();
    any_failed = any_failed || task.phase == Phase::kFailed;
    any_started = any_started || task.ever_started;
    any_code = any_code || CodeMatches(node, task);
  }
  switch (node.condition) {
    case Condition::kDone:
      return Judge(over && !any_failed, over);
    case Condition::kEnded:
      return Judge(over, false);
    case Condition::kStarted:
      return Judge(any_started, over);
    case Condition::kExit:
      return Judge(over && any_code, over);
    case Condition::kSequential:
      break;
  }
  return Truth3::kOpen;
}

class Evaluation {
 public:
  Evaluation(const std::map<JobId, Witness::Job>& jobs, const Witness::Job& job, std::uint32_t ordinal)
      : jobs_(jobs), job_(job), ordinal_(ordinal), next_(job.spec.dependency.nodes.size()) {}

  // Takes one operand off the end of the postfix.
  Truth3 Take() {
    const DependencyNode& node = job_.spec.dependency.nodes[--next_];
    switch (node.kind) {
      case DependencyNode::Kind::kCondition:
        return OfCondition(node);
      case DependencyNode::Kind::kNot:
        return Not(Take());
      case DependencyNode::Kind::kAnd: {
        const Truth3 right = Take();
        return And(Take(), right);
      }
      case DependencyNode::Kind::kOr: {
        const Truth3 right = Not(Take());
        return Not(And(Not(Take()), right));
      }
    }
    return Truth3::kOpen;
  }

 private:
  Truth3 OfCondition(const DependencyNode& node) const {
    if (node.condition == Condition::kSequential)
      return ordinal_ == 0 ? Truth3::kMet : OfTask(node, job_.tasks[ordinal_ - 1]);
    const Witness::Job& target = jobs_.at(node.job);
    if (!target.spec.array) return OfTask(node, target.tasks[0]);
    if (node.index_wise) return OfTask(node, target.tasks[ordinal_]);
    if (node.index) return OfTask(node, target.tasks[*target.spec.array->OrdinalOf(*node.index)]);
    return OfArray(node, target);
  }

  const std::map<JobId, Witness::Job>& jobs_;
  const Witness::Job& job_;
  const std::uint32_t ordinal_;
  std::size_t next_;
};

std::string ComparePlaces(const sched::State& state, const sched::Attempt& attempt, const Task& mine) {
  std::map<NodeId, Resources> theirs;
  sched::ForEachPlace(attempt, [&](NodeId node, Incarnation, const Resources& allocated, const auto&) {
    theirs.emplace(node, allocated);
  });
  for (const Task::Part& part : mine.parts) {
    if (part.over) continue;
    if (!state.nodes.count(part.node)) return " is on an unknown node";
    const auto found = theirs.find(part.node);
    if (found == theirs.end() || found->second != part.allocated) return " is elsewhere";
    theirs.erase(found);
  }
  return theirs.empty() ? "" : " is also elsewhere";
}

std::string CompareTask(const sched::State& state, const sched::Job& job, std::uint32_t i, const Task& mine) {
  const JobState theirs = sched::StateOf(job, i);
  const sched::Task* row = sched::FindTask(job, i);
  const bool same = mine.phase == Phase::kWaiting     ? IsWaiting(theirs)
                    : mine.phase == Phase::kLive      ? IsLive(theirs)
                    : mine.phase == Phase::kSucceeded ? theirs == JobState::kSucceeded
                                                      : theirs == JobState::kFailed;
  if (!same) return " is " + std::string(ToString(theirs)) + " by the state, otherwise by the entries";
  if (mine.phase == Phase::kLive &&
      (!row || !row->attempt || row->attempt->number != mine.highest_attempt ||
       row->attempt->stop != mine.stop || row->attempt->started_at.set() != mine.started))
    return " has another attempt";
  if (mine.phase == Phase::kLive) {
    const std::string difference = ComparePlaces(state, *row->attempt, mine);
    if (!difference.empty()) return difference;
  }
  if (job.array && mine.held != (row && row->held)) return " differs in being held";
  return "";
}

}  // namespace

Truth3 Witness::Allows(const Job& job, std::uint32_t ordinal) const {
  if (job.spec.dependency.empty()) return Truth3::kMet;
  return Evaluation(jobs_, job, ordinal).Take();
}

std::string Witness::CompareWith(const sched::State& state) const {
  if (state.last_sequence.value() != sequence_) return "the sequences differ";
  for (const auto& [id, mine] : jobs_) {
    const sched::Job* job = state.FindJob(id);
    if ((job == nullptr) != mine.forgotten) return "job " + Name(id) + (job ? " is still there" : " is lost");
    if (!job) continue;
    if (job->held != mine.held || job->begin_reached != mine.begun) return "job " + Name(id) + " differs";
    for (std::uint32_t i = 0; i < mine.tasks.size(); ++i) {
      const std::string difference = CompareTask(state, *job, i, mine.tasks[i]);
      if (!difference.empty()) return Name(sched::TaskRef{id, i}) + difference;
    }
  }
  if (state.nodes.size() != nodes_.size()) return "the number of nodes differs";
  for (const auto& [id, job] : state.jobs) {
    if (!jobs_.count(id)) return "job " + Name(id) + " appeared from nowhere";
  }
  return CompareDefinitions(state);
}

}  // namespace bsub::sim
