#include "scheduler/core/state.h"

#include <algorithm>

namespace bsub::sched {

JobState StateOf(const Job& job, std::uint32_t ordinal) {
  if (!job.array) {
    return IsWaiting(job.task.state) && job.ready ? JobState::kRunnable : job.task.state;
  }
  const ArrayState& array = *job.array;
  if (array.succeeded.test(ordinal)) return JobState::kSucceeded;
  if (array.failed.test(ordinal)) return JobState::kFailed;
  const Task* row = array.FindRow(ordinal);
  if (row && IsLive(row->state)) return row->state;
  return array.ready.test(ordinal) ? JobState::kRunnable : JobState::kPending;
}

JobState StateOf(const Job& job) {
  if (!job.array) return StateOf(job, 0);
  if (!job.array->Over()) return JobState::kPending;
  return job.array->failed_count > 0 ? JobState::kFailed : JobState::kSucceeded;
}

StatusSummary Summarise(const Job& job) {
  StatusSummary counts{};
  const auto at = [&counts](JobState s) -> std::uint32_t& { return counts[static_cast<std::size_t>(s)]; };
  if (!job.array) {
    at(StateOf(job, 0)) = 1;
    return counts;
  }
  const ArrayState& array = *job.array;
  at(JobState::kSucceeded) = array.succeeded_count;
  at(JobState::kFailed) = array.failed_count;
  at(JobState::kStarting) = array.starting_count;
  at(JobState::kRunning) = array.running_count;
  at(JobState::kRunnable) = array.ready.Count();
  at(JobState::kPending) = array.size() - array.succeeded_count - array.failed_count - array.live_count() -
                           at(JobState::kRunnable);
  return counts;
}

const Task* FindTask(const Job& job, std::uint32_t ordinal) {
  return job.array ? job.array->FindRow(ordinal) : &job.task;
}

bool NeverRan(const Job& job, std::uint32_t ordinal) {
  if (!job.array || !job.array->failed.test(ordinal)) return false;
  return !job.array->started.test(ordinal) && !job.array->FindRow(ordinal);
}

std::uint32_t AttemptsGiven(const Job& job, std::uint32_t ordinal) {
  if (const Task* task = FindTask(job, ordinal)) return task->attempts;
  return job.array->WasSentBack(ordinal) ? job.array->max_attempt : 0;
}

std::optional<std::uint32_t> IndexOf(const Job& job, std::uint32_t ordinal) {
  if (!job.array) return std::nullopt;
  return job.spec.array->IndexOf(ordinal);
}

std::string DisplayId(const Job& job, std::uint32_t ordinal) {
  std::string text = std::to_string(job.id.value());
  if (const auto index = IndexOf(job, ordinal)) text += "[" + std::to_string(*index) + "]";
  return text;
}

bool GoesWith(const std::vector<JobDefinition>& revisions, std::optional<std::uint32_t> uid) {
  return uid && revisions.front().registered_by_uid == uid &&
         std::none_of(revisions.begin(), revisions.end(), [](const JobDefinition& d) { return d.active; });
}

const Node* State::FindNode(std::string_view name) const {
  for (const auto& [id, node] : nodes) {
    if (node.description.name == name) return &node;
  }
  return nullptr;
}

std::string_view ToString(NodeState state) {
  switch (state) {
    case NodeState::kUp:
      return "up";
    case NodeState::kContactLost:
      return "contact lost";
    case NodeState::kDown:
      return "down";
  }
  return "unknown";
}

std::string NameOfNode(const State& state, NodeId node) {
  const auto it = state.nodes.find(node);
  return it == state.nodes.end() ? "#" + std::to_string(node.value()) : it->second.description.name;
}

}  // namespace bsub::sched
