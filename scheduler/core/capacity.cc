#include "scheduler/core/capacity.h"

#include <algorithm>

#include "common/check.h"

namespace bsub::sched {

bool LeavesAlone(const KeptShare& kept, const Resources& request, const Resources& free, TimePoint ends) {
  const bool alone = request.Fits(NodeCapacity::Left(free, kept.taken)) ||
                     (kept.from.set() && ends <= kept.from) || request.Fits(kept.beside);
  if (!alone || kept.also.empty()) return alone;
  return std::all_of(kept.also.begin(), kept.also.end(),
                     [&](const KeptShare& share) { return LeavesAlone(share, request, free, ends); });
}

Resources NodeCapacity::Use::Free() const {
  Resources free = total;
  free -= used;
  return free;
}

void NodeCapacity::Unlist(NodeId node, const Use& use) {
  if (!use.usable) return;
  total_cpu_milli_ -= use.total.cpu_milli;
  free_.erase({use.Free().cpu_milli, node});
}

void NodeCapacity::List(NodeId node, const Use& use) {
  if (!use.usable) return;
  total_cpu_milli_ += use.total.cpu_milli;
  free_.emplace(std::pair(use.Free().cpu_milli, node), &use);
}

void NodeCapacity::SetTotal(NodeId node, const Resources& total) {
  Use& use = nodes_[node];
  Unlist(node, use);
  use.total = total;
  ++grown_;
  ++shape_;
  use.gpu_used.resize(std::max(use.gpu_used.size(), static_cast<std::size_t>(total.gpus)));
  List(node, use);
}

void NodeCapacity::SetUsable(NodeId node, bool usable) {
  Use& use = nodes_[node];
  Unlist(node, use);
  use.usable = usable;
  if (usable) ++grown_;
  List(node, use);
}

void NodeCapacity::Remove(NodeId node) {
  const auto it = nodes_.find(node);
  if (it == nodes_.end()) return;
  Unlist(node, it->second);
  nodes_.erase(it);
  ++shape_;
}

void NodeCapacity::Take(NodeId node, const AttemptRef& attempt, const LiveTask& task,
                        const std::vector<std::int32_t>& gpus) {
  Use& use = nodes_[node];
  const std::int64_t before = use.Free().cpu_milli;
  use.used += task.allocated;
  Relist(node, use, before);
  use.tasks.Add(task);
  const std::size_t others = use.attempts.size();
  if (spare_.empty()) {
    use.attempts.insert(use.attempts.end(), attempt);  // most are of newer jobs than those that run
  } else {
    spare_.value() = attempt;
    use.attempts.insert(use.attempts.end(), std::move(spare_));
  }
  BSUB_CHECK(use.attempts.size() == others + 1) << "attempt placed twice";
  for (const std::int32_t gpu : gpus) {
    if (use.gpu_used.size() <= static_cast<std::size_t>(gpu))
      use.gpu_used.resize(static_cast<std::size_t>(gpu) + 1);
    use.gpu_used[static_cast<std::size_t>(gpu)] = true;
  }
}

void NodeCapacity::Give(NodeId node, const AttemptRef& attempt, const LiveTask& task,
                        const std::vector<std::int32_t>& gpus) {
  Use& use = nodes_[node];
  const std::int64_t before = use.Free().cpu_milli;
  use.used -= task.allocated;
  Relist(node, use, before);
  use.tasks.Remove(task);
  ++grown_;
  spare_ = use.attempts.extract(attempt);
  BSUB_CHECK(!spare_.empty()) << "attempt given back twice";
  for (const std::int32_t gpu : gpus) use.gpu_used[static_cast<std::size_t>(gpu)] = false;
}

void NodeCapacity::Relist(NodeId node, const Use& use, std::int64_t before) {
  if (!use.usable) return;
  auto entry = free_.extract({before, node});
  entry.key().first = use.Free().cpu_milli;
  free_.insert(std::move(entry));
}

void NodeCapacity::ChangeEnd(NodeId node, const LiveTask& before, const LiveTask& now) {
  TasksByEnd& tasks = nodes_[node].tasks;
  tasks.Remove(before);
  tasks.Add(now);
}

std::optional<NodeId> NodeCapacity::Choose(const Resources& request, const KeptResources& kept,
                                           TimePoint ends, const OpenNodes* open) const {
  for (auto it = free_.lower_bound({request.cpu_milli, NodeId()}); it != free_.end(); ++it) {
    const NodeId node = it->first.second;
    const Resources free = it->second->Free();
    if (!request.Fits(free)) continue;
    if (open && !open->Has(node)) continue;
    const auto other = kept.find(node);
    if (other == kept.end() || LeavesAlone(other->second, request, free, ends)) return node;
  }
  return std::nullopt;
}

bool NodeCapacity::FitsNow(const NodesRequest& request, const Use& use) const {
  if (request.exclusive && !use.attempts.empty()) return false;
  return request.each.Fits(use.Free());
}

std::vector<NodeCandidate> NodeCapacity::Candidates(const NodesRequest& request, const KeptResources& kept,
                                                    TimePoint ends, const OpenNodes* open) const {
  std::vector<NodeCandidate> candidates;
  for (auto it = free_.lower_bound({request.each.cpu_milli, NodeId()}); it != free_.end(); ++it) {
    const NodeId node = it->first.second;
    const Use& use = *it->second;
    if (!FitsNow(request, use)) continue;
    if (open && !open->Has(node)) continue;
    const Resources free = use.Free();
    const auto other = kept.find(node);
    const Resources& taken = request.TakenOf(use.total);
    if (other != kept.end() && !LeavesAlone(other->second, taken, free, ends)) continue;
    candidates.push_back({node, free, use.attempts.empty()});
  }
  return candidates;
}

// What is short now is kept as a whole: it must come free. What there is enough of is kept as far as asked.
Resources NodeCapacity::Left(const Resources& free, const Resources& kept) {
  return {std::max<std::int64_t>(0, free.cpu_milli - kept.cpu_milli),
          std::max<std::int64_t>(0, free.mem_bytes - kept.mem_bytes), std::max(0, free.gpus - kept.gpus)};
}

std::vector<std::int32_t> NodeCapacity::ChooseGpus(NodeId node, std::int32_t count) const {
  std::vector<std::int32_t> chosen;
  const Use& use = nodes_.at(node);
  for (std::int32_t i = 0; i < use.total.gpus && static_cast<std::int32_t>(chosen.size()) < count; ++i) {
    if (!use.gpu_used[static_cast<std::size_t>(i)]) chosen.push_back(i);
  }
  return chosen;
}

const NodeCapacity::Use* NodeCapacity::Find(NodeId node) const {
  const auto it = nodes_.find(node);
  return it == nodes_.end() ? nullptr : &it->second;
}

}  // namespace bsub::sched
