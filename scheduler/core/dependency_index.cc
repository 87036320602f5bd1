#include "scheduler/core/dependency_index.h"

#include <algorithm>

namespace bsub::sched {

void DependencyIndex::Add(const State& state, const Job& waiter) {
  for (const DependencyNode& node : waiter.spec.dependency.nodes) {
    if (node.kind != DependencyNode::Kind::kCondition || !node.job.valid()) continue;
    Waiters& waiters = targets_[node.job];
    const Job* target = state.FindJob(node.job);
    if (target && target->array && node.index_wise) {
      waiters.index_wise.insert(waiter.id);
    } else if (target && target->array && node.index) {
      waiters.child[*node.index].insert(waiter.id);
    } else {
      waiters.whole.insert(waiter.id);
    }
  }
}

void DependencyIndex::Remove(const State& /*state*/, const Job& waiter) {
  for (const DependencyNode& node : waiter.spec.dependency.nodes) {
    const auto it = targets_.find(node.job);
    if (it == targets_.end()) continue;
    it->second.whole.erase(waiter.id);
    it->second.index_wise.erase(waiter.id);
    if (const auto child = it->second.child.find(node.index.value_or(0)); child != it->second.child.end()) {
      child->second.erase(waiter.id);
      if (child->second.empty()) it->second.child.erase(child);
    }
    if (it->second.empty()) targets_.erase(it);
  }
}

const DependencyIndex::Waiters* DependencyIndex::Of(JobId target) const {
  const auto it = targets_.find(target);
  return it == targets_.end() ? nullptr : &it->second;
}

bool IsSequential(const Job& job) {
  return std::any_of(
      job.spec.dependency.nodes.begin(), job.spec.dependency.nodes.end(), [](const DependencyNode& n) {
        return n.kind == DependencyNode::Kind::kCondition && n.condition == Condition::kSequential;
      });
}

}  // namespace bsub::sched
