#include "scheduler/core/dependency_eval.h"

#include <algorithm>
#include <bit>

#include "common/check.h"

namespace bsub::sched {
namespace {

constexpr std::uint64_t kAll = ~0ULL;

Verdict Broadcast(bool met, bool never) { return {met ? kAll : 0, never ? kAll : 0}; }

// What conditions need to know of a finished or live thing.
struct Facts {
  bool over = false;
  bool succeeded = false;
  bool started = false;
  int exit_code = 0;  // shell's, once over and failed
};

Facts FactsOf(const Job& job, std::uint32_t ordinal) {
  if (!job.array) {
    const Task& task = job.task;
    const bool failed = task.state == JobState::kFailed;
    return {IsOver(task.state), task.state == JobState::kSucceeded, task.started,
            failed && task.last_end ? ShellExitCode(task.last_end->end) : 0};
  }
  const ArrayState& array = *job.array;
  return {array.IsOver(ordinal), array.succeeded.test(ordinal), array.started.test(ordinal),
          array.exit_codes.at(ordinal)};
}

Verdict JudgeFacts(const DependencyNode& node, const Facts& facts) {
  switch (node.condition) {
    case Condition::kDone:
      return Broadcast(facts.succeeded, facts.over && !facts.succeeded);
    case Condition::kEnded:
      return Broadcast(facts.over, false);
    case Condition::kStarted:
      return Broadcast(facts.started, facts.over && !facts.started);
    case Condition::kExit: {
      const bool met =
          facts.over && !facts.succeeded && Matches(node.compare, node.exit_code, facts.exit_code);
      return Broadcast(met, facts.over && !met);
    }
    case Condition::kSequential:
      break;
  }
  return {};
}

// Asked for each word of a waiting array, so it must not walk the children.
bool AnyChildExits(const ExitCodes& codes, const DependencyNode& node) {
  return std::any_of(codes.counts().begin(), codes.counts().end(),
                     [&](const auto& entry) { return Matches(node.compare, node.exit_code, entry.first); });
}

Verdict JudgeWholeArray(const DependencyNode& node, const Job& target) {
  const ArrayState& array = *target.array;
  const bool over = array.Over();
  switch (node.condition) {
    case Condition::kDone:
      return Broadcast(over && array.failed_count == 0, over && array.failed_count > 0);
    case Condition::kEnded:
      return Broadcast(over, false);
    case Condition::kStarted:
      return Broadcast(array.started_count > 0, over && array.started_count == 0);
    case Condition::kExit: {
      const bool met = over && array.failed_count > 0 && AnyChildExits(array.exit_codes, node);
      return Broadcast(met, over && !met);
    }
    case Condition::kSequential:
      break;
  }
  return {};
}

Verdict JudgeIndexWise(const DependencyNode& node, const Job& target, std::size_t word) {
  const ArrayState& array = *target.array;
  const std::uint64_t good = array.succeeded.word(word), bad = array.failed.word(word);
  switch (node.condition) {
    case Condition::kDone:
      return {good, bad};
    case Condition::kEnded:
      return {good | bad, 0};
    case Condition::kStarted: {
      const std::uint64_t started = array.started.word(word);
      return {started, (good | bad) & ~started};
    }
    case Condition::kExit: {
      std::uint64_t met = 0;
      for (std::uint64_t rest = bad; rest != 0; rest &= rest - 1) {
        const auto bit = static_cast<std::uint32_t>(std::countr_zero(rest));
        const auto ordinal = static_cast<std::uint32_t>(word * 64) + bit;
        if (Matches(node.compare, node.exit_code, array.exit_codes.at(ordinal))) met |= 1ULL << bit;
      }
      return {met, good | (bad & ~met)};
    }
    case Condition::kSequential:
      break;
  }
  return {};
}

// Child k waits for the success of child k-1: the words shifted up by one; child 0 waits for nothing.
Verdict JudgeSequential(const Job& job, std::size_t word) {
  const ArrayState& array = *job.array;
  Verdict v{array.succeeded.word(word) << 1, array.failed.word(word) << 1};
  if (word == 0) {
    v.met |= 1;
  } else {
    v.met |= array.succeeded.word(word - 1) >> 63;
    v.never |= array.failed.word(word - 1) >> 63;
  }
  return v;
}

Verdict JudgeCondition(const State& state, const Job& job, const DependencyNode& node, std::size_t word) {
  if (node.condition == Condition::kSequential) return JudgeSequential(job, word);
  const Job* target = state.FindJob(node.job);
  if (!target) return {};  // forgotten, so `job` is over; a negation must not turn this into "met"
  if (node.index_wise && target->array) return JudgeIndexWise(node, *target, word);
  if (node.index) {
    const auto ordinal = target->spec.array ? target->spec.array->OrdinalOf(*node.index) : std::nullopt;
    return ordinal ? JudgeFacts(node, FactsOf(*target, *ordinal)) : Broadcast(false, true);
  }
  return target->array ? JudgeWholeArray(node, *target) : JudgeFacts(node, FactsOf(*target, 0));
}

std::string DescribeChild(const Job& target, std::uint32_t ordinal) {
  const std::string id = DisplayId(target, ordinal);
  const JobState state = StateOf(target, ordinal);
  if (!IsOver(state)) return id + " is " + std::string(ToString(state));
  if (state == JobState::kSucceeded) return id + " succeeded";
  const Task* task = FindTask(target, ordinal);
  // Not its whole reason: in a cascade each text would hold all those before it.
  if (task && task->last_end && task->last_end->end.kind == EndKind::kDependencyFailed) {
    return id + " never ran: its own dependency failed";
  }
  if (task && task->last_end) return id + " " + Describe(task->last_end->end);
  if (NeverRan(target, ordinal)) return id + " never ran";
  const int code = target.array ? target.array->exit_codes.at(ordinal) : 0;
  return id + " failed with exit code " + std::to_string(code);
}

std::string DescribeArray(const Job& target) {
  const ArrayState& array = *target.array;
  const std::string id = "array job " + std::to_string(target.id.value());
  if (!array.Over()) {
    return id + ": " + std::to_string(array.succeeded_count + array.failed_count) + " of " +
           std::to_string(array.size()) + " children are over" +
           (array.failed_count ? ", " + std::to_string(array.failed_count) + " of them failed" : "");
  }
  if (array.failed_count == 0) return id + " succeeded";
  return id + " failed: " + std::to_string(array.failed_count) + " of " + std::to_string(array.size()) +
         " children failed, the first is " + DescribeChild(target, *array.failed.FirstSet());
}

ConditionStatus StatusOf(const State& state, const Job& job, const DependencyNode& node,
                         std::uint32_t ordinal) {
  ConditionStatus status{ToString(node), "", node.job};
  if (node.condition == Condition::kSequential) {
    // Child 0 has no one before it, and is looked at under a "!".
    status.because =
        ordinal == 0 ? "the first child waits for none before it" : "job " + DescribeChild(job, ordinal - 1);
    return status;
  }
  const Job* target = state.FindJob(node.job);
  if (!target) {
    status.because = "job " + std::to_string(node.job.value()) + " is no longer known";
  } else if (!target->array) {
    status.because = "job " + DescribeChild(*target, 0);
  } else if (node.index_wise) {
    status.because = "job " + DescribeChild(*target, ordinal);
  } else if (const auto child = node.index ? target->spec.array->OrdinalOf(*node.index) : std::nullopt) {
    status.because = "job " + DescribeChild(*target, *child);
  } else {
    status.because = DescribeArray(*target);
  }
  return status;
}

// Walks an expression from its root (the last node in postfix) for the tasks of one word.
class Walker {
 public:
  Walker(const State& state, const Job& job, std::size_t word)
      : state_(state), job_(job), nodes_(job.spec.dependency.nodes), word_(word) {
    Link();
  }

  std::vector<Blocker> Collect(std::uint64_t tasks, bool never) {
    Visit(nodes_.size() - 1, never ? Wanted::kNever : Wanted::kOpen, tasks);
    return std::move(found_);
  }

 private:
  enum class Wanted { kMet, kNever, kOpen };

  // Operands of each operator and the verdict of each node, from one pass over the postfix.
  void Link() {
    using Kind = DependencyNode::Kind;
    std::vector<std::size_t> stack;
    left_.resize(nodes_.size());
    right_.resize(nodes_.size());
    verdicts_.resize(nodes_.size());
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const DependencyNode& node = nodes_[i];
      if (node.kind == Kind::kCondition) {
        verdicts_[i] = JudgeCondition(state_, job_, node, word_);
      } else {
        right_[i] = stack.back(), stack.pop_back();
        if (node.kind == Kind::kNot) {
          verdicts_[i] = {verdicts_[right_[i]].never, verdicts_[right_[i]].met};
        } else {
          left_[i] = stack.back(), stack.pop_back();
          const Verdict a = verdicts_[left_[i]], b = verdicts_[right_[i]];
          verdicts_[i] = node.kind == Kind::kAnd ? Verdict{a.met & b.met, a.never | b.never}
                                                 : Verdict{a.met | b.met, a.never & b.never};
        }
      }
      stack.push_back(i);
    }
  }

  std::uint64_t Having(std::size_t i, Wanted wanted) const {
    switch (wanted) {
      case Wanted::kMet:
        return verdicts_[i].met;
      case Wanted::kNever:
        return verdicts_[i].never;
      case Wanted::kOpen:
        return ~(verdicts_[i].met | verdicts_[i].never);
    }
    return 0;
  }

  void Visit(std::size_t i, Wanted wanted, std::uint64_t tasks) {
    tasks &= Having(i, wanted);
    if (tasks == 0) return;
    switch (nodes_[i].kind) {
      case DependencyNode::Kind::kCondition:
        found_.push_back({i, tasks});
        return;
      case DependencyNode::Kind::kNot:
        Visit(right_[i],
              wanted == Wanted::kMet     ? Wanted::kNever
              : wanted == Wanted::kNever ? Wanted::kMet
                                         : wanted,
              tasks);
        return;
      case DependencyNode::Kind::kAnd:
      case DependencyNode::Kind::kOr:
        Visit(left_[i], wanted, tasks);
        Visit(right_[i], wanted, tasks);
        return;
    }
  }

  const State& state_;
  const Job& job_;
  const std::vector<DependencyNode>& nodes_;
  const std::size_t word_;
  std::vector<std::size_t> left_, right_;
  std::vector<Verdict> verdicts_;
  std::vector<Blocker> found_;
};

// A parent's end may hold a long text of its own, and each text here may be copied into many ends.
constexpr std::size_t kLongestCause = 200;

std::string Cut(std::string text) {
  if (text.size() <= kLongestCause) return text;
  std::size_t end = kLongestCause;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // not inside a character
  return text.replace(end, std::string::npos, "…");
}

}  // namespace

Verdict EvaluateWord(const State& state, const Job& job, std::size_t word) {
  const std::vector<DependencyNode>& nodes = job.spec.dependency.nodes;
  if (nodes.empty()) return {kAll, 0};
  if (nodes.size() == 1) return JudgeCondition(state, job, nodes[0], word);
  std::vector<Verdict> stack;
  for (const DependencyNode& node : nodes) {
    if (node.kind == DependencyNode::Kind::kCondition) {
      stack.push_back(JudgeCondition(state, job, node, word));
      continue;
    }
    const Verdict b = stack.back();
    if (node.kind == DependencyNode::Kind::kNot) {
      stack.back() = {b.never, b.met};
      continue;
    }
    stack.pop_back();
    const Verdict a = stack.back();
    stack.back() = node.kind == DependencyNode::Kind::kAnd ? Verdict{a.met & b.met, a.never | b.never}
                                                           : Verdict{a.met | b.met, a.never & b.never};
  }
  BSUB_CHECK(stack.size() == 1) << "dependency of job " << job.id.value() << " is not well-formed";
  return stack.back();
}

std::vector<ConditionStatus> BlockingConditions(const State& state, const Job& job, std::uint32_t ordinal,
                                                bool never) {
  if (job.spec.dependency.empty()) return {};
  std::vector<ConditionStatus> conditions;
  for (const Blocker& blocker : Walker(state, job, ordinal / 64).Collect(1ULL << (ordinal % 64), never)) {
    conditions.push_back(StatusOfCondition(state, job, blocker.condition, ordinal));
  }
  return conditions;
}

std::vector<Blocker> NeverConditions(const State& state, const Job& job, std::size_t word,
                                     std::uint64_t tasks) {
  if (job.spec.dependency.empty()) return {};
  return Walker(state, job, word).Collect(tasks, /*never=*/true);
}

ConditionStatus StatusOfCondition(const State& state, const Job& job, std::size_t condition,
                                  std::uint32_t ordinal) {
  ConditionStatus status = StatusOf(state, job, job.spec.dependency.nodes.at(condition), ordinal);
  status.because = Cut(std::move(status.because));
  return status;
}

std::string DescribeNever(const State& state, const Job& job, std::uint32_t ordinal) {
  const auto blockers = NeverConditions(state, job, ordinal / 64, 1ULL << (ordinal % 64));
  constexpr std::size_t kMostNamed = 3;
  std::string text;
  for (std::size_t i = 0; i < blockers.size(); ++i) {
    if (i == kMostNamed) return text + " and " + std::to_string(blockers.size() - i) + " more";
    const ConditionStatus status = StatusOfCondition(state, job, blockers[i].condition, ordinal);
    text += (i ? "; " : "") + status.text + " can never be met, " + status.because;
  }
  return text;
}

}  // namespace bsub::sched
