// Ends waiting tasks whose dependencies can never be met, naming the parent and how it ended.
//
// Children of an array that the same condition makes impossible end with one entry, whose reason names the
// first of them. Why any other one never ran is found again from its parent when somebody asks
// (DescribeNever), so that a million children cost the journal no more than a few ranges.
#include <algorithm>
#include <map>

#include "common/check.h"
#include "scheduler/core/dependency_eval.h"
#include "scheduler/core/task_ranges.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

// sequential(), if the end of one child decides over the next whatever the other conditions say: it is the
// whole expression, or joined to it by && alone.
std::optional<std::size_t> FindChain(const Job& job) {
  const std::vector<DependencyNode>& nodes = job.spec.dependency.nodes;
  const bool only_and = std::all_of(nodes.begin(), nodes.end(), [](const DependencyNode& node) {
    return node.kind == DependencyNode::Kind::kCondition || node.kind == DependencyNode::Kind::kAnd;
  });
  if (!only_and) return std::nullopt;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].kind == DependencyNode::Kind::kCondition && nodes[i].condition == Condition::kSequential)
      return i;
  }
  return std::nullopt;
}

// `bits`, and of `among` those that follow one of them without a gap.
std::uint64_t FillUpwards(std::uint64_t bits, std::uint64_t among) {
  for (int shift = 1; shift < 64; shift *= 2) {
    bits |= among & (bits << shift);
    among &= among << shift;
  }
  return bits;
}

// Tasks of one job that can never run, by the first condition that each of them can never meet.
class DoomedTasks {
 public:
  DoomedTasks(const State& state, const Job& job) : state_(state), job_(job), chain_(FindChain(job)) {}

  // Word by word until about `most` are found. Returns what that cost, in children.
  std::size_t Collect(const std::set<std::size_t>& words, std::size_t most) {
    const std::size_t cost_of_word = job_.spec.dependency.nodes.size() / 8;
    std::size_t cost = 0;
    for (std::size_t word = *words.begin(); cost < most;) {
      cost += AddWord(word) + cost_of_word;
      if (goes_on_) {
        if (++word >= WordsOf(job_)) break;
        continue;
      }
      const auto next = words.upper_bound(word);
      if (next == words.end()) break;
      word = *next;
    }
    return cost;
  }

  // Each condition's with an entry of its own. What the end of one child does to the next comes last, when
  // those that began it are over.
  void End(Turn& turn) {
    for (const auto& [condition, tasks] : groups_) {
      if (condition != chain_) End(turn, condition, tasks);
    }
    if (chain_ && groups_.count(*chain_) != 0) End(turn, *chain_, groups_.at(*chain_));
  }

 private:
  void End(Turn& turn, std::size_t condition, const std::vector<OrdinalRange>& tasks) const {
    const std::string reason = Reason(condition, tasks);
    turn.Record(TasksEnded{job_.id, tasks, {EndKind::kDependencyFailed, 0, "", reason}});
  }

  std::size_t AddWord(std::size_t word) {
    const std::uint64_t waiting = WaitingTasks(job_, word);
    const std::uint64_t never = waiting & EvaluateWord(state_, job_, word).never;
    std::uint64_t all = never;
    if (chain_) all = FillUpwards(never | (waiting & (goes_on_ ? 1 : 0)), waiting);
    goes_on_ = chain_ && (all >> 63) != 0;
    std::uint64_t rest = never, chained = all & ~never;
    for (const Blocker& blocker : NeverConditions(state_, job_, word, never)) {
      const std::uint64_t taken = blocker.tasks & rest;
      rest &= ~taken;
      if (chain_ == blocker.condition) {
        chained |= taken;
      } else if (taken != 0) {
        AddRanges(groups_[blocker.condition], word, taken);
      }
    }
    BSUB_CHECK(rest == 0) << "job " << job_.id.value() << ": impossible without a condition that is";
    if (chained != 0) AddRanges(groups_[*chain_], word, chained);
    return static_cast<std::size_t>(std::popcount(all));
  }

  std::string Reason(std::size_t condition, const std::vector<OrdinalRange>& tasks) const {
    const std::uint32_t first = tasks.front().first;
    if (tasks.size() == 1 && tasks[0].last == first) return DescribeNever(state_, job_, first);
    const DependencyNode& node = job_.spec.dependency.nodes[condition];
    const bool by_child = node.index_wise || node.condition == Condition::kSequential;
    const ConditionStatus status = StatusOfCondition(state_, job_, condition, first);
    return status.text + " can never be met, " +
           (by_child ? "first for " + DisplayId(job_, first) + ": " : std::string()) + status.because;
  }

  const State& state_;
  const Job& job_;
  const std::optional<std::size_t> chain_;
  bool goes_on_ = false;  // the last child of the word before is among them
  std::map<std::size_t, std::vector<OrdinalRange>> groups_;
};

}  // namespace

void EndDoomedTasks(Turn& turn) {
  const std::size_t most = turn.settings.max_ended_per_step;
  for (std::size_t done = 0; done < most && !turn.store.doomed().empty();) {
    const auto& [id, words] = *turn.store.doomed().begin();
    DoomedTasks tasks(turn.state(), *turn.state().FindJob(id));
    done += std::max<std::size_t>(1, tasks.Collect(words, most - done));
    tasks.End(turn);
  }
}

}  // namespace bsub::sched
