#include "scheduler/core/short_reason.h"

#include "jobs/units.h"
#include "scheduler/core/cycle.h"
#include "scheduler/core/dependency_eval.h"

namespace bsub::sched {
namespace {

constexpr std::size_t kLongestExpression = 60;

std::string CutExpression(std::string text) {
  if (text.size() > kLongestExpression) text.replace(kLongestExpression, std::string::npos, "…");
  return text;
}

bool AllReady(const Job& job, std::optional<std::uint32_t> ordinal) {
  if (!job.array) return job.ready;
  // An array is said to wait for its dependency while none of its children may start.
  return ordinal ? job.array->ready.test(*ordinal) : job.array->ready.FirstSet().has_value();
}

bool AnyWaits(const Job& job, std::optional<std::uint32_t> ordinal) {
  if (job.array && !ordinal) return CountsOf(job).waiting > 0;
  return IsWaiting(StateOf(job, ordinal.value_or(0)));
}

// Only jobs that are kept all the same are evaluated: the others end as soon as it is known.
bool CanNever(const State& state, const Job& job, std::uint32_t ordinal) {
  if (job.spec.settings->on_impossible != OnImpossible::kKeep) return false;
  return EvaluateWord(state, job, ordinal / 64).never >> (ordinal % 64) & 1;
}

std::string OfLive(const Store& store, const Task& task) {
  const Attempt& attempt = *task.attempt;
  const std::string& node = store.state().nodes.at(attempt.node).description.name;
  if (!store.IsConnected(attempt.node)) return "node " + node + " is out of contact";
  if (attempt.stop != StopReason::kNone) return "told to stop by " + attempt.stop_by;
  return "";
}

}  // namespace

std::string ShortReasons::Of(const Job& job, std::optional<std::uint32_t> ordinal) {
  if (AnyWaits(job, ordinal)) return OfWaiting(job, ordinal);
  if (job.array && !ordinal) return "";
  const Task* task = FindTask(job, ordinal.value_or(0));
  return task && task->attempt ? OfLive(store_, *task) : "";
}

std::string ShortReasons::OfWaiting(const Job& job, std::optional<std::uint32_t> ordinal) {
  const Capacity& capacity = OfCapacity(job.spec.settings->request);
  if (capacity.never) return capacity.text;
  const Task* row = job.array && !ordinal ? nullptr : FindTask(job, ordinal.value_or(0));
  if (job.held || (row && row->held)) return "held";
  if (!job.begin_reached) return "not before " + FormatUtc(job.spec.begin_at);
  if (!job.spec.dependency.empty() && !AllReady(job, ordinal)) {
    return (CanNever(store_.state(), job, ordinal.value_or(0)) ? "can never meet " : "waits for ") +
           CutExpression(ToString(job.spec.dependency));
  }
  const std::string dispatch = OfDispatch(job);
  return dispatch.empty() ? capacity.text : dispatch;
}

std::string ShortReasons::OfDispatch(const Job& job) {
  const JobSettings& settings = *job.spec.settings;
  const auto it = store_.state().queues.find(settings.queue);
  if (it == store_.state().queues.end()) return "";
  const Queue& queue = it->second;
  if (!queue.dispatches) return "queue " + queue.name + " is closed";
  if (const auto hit = HitsLimit(store_, queue, settings.owner.uid)) {
    const std::string whose = hit->per_user ? " a user" : "";
    return "queue " + queue.name + " runs at most " + std::to_string(hit->limit) + whose;
  }
  const std::uint32_t limit = job.array ? job.spec.array->concurrency() : 0;
  if (limit > 0 && job.array->live_count() >= limit)
    return "runs at most " + std::to_string(limit) + " at a time";
  return "";
}

const ShortReasons::Capacity& ShortReasons::OfCapacity(const Resources& request) {
  const auto [it, fresh] = capacity_.try_emplace(request);
  if (!fresh) return it->second;
  std::string& text = it->second.text;
  std::size_t exist = 0, usable = 0, free = 0;
  for (const auto& [id, node] : store_.state().nodes) {
    if (!request.Fits(node.description.total)) continue;
    ++exist;
    const NodeCapacity::Use* use = store_.capacity().Find(id);
    if (!use || !use->usable) continue;
    ++usable;
    if (request.Fits(use->Free())) ++free;
  }
  if (store_.state().nodes.empty()) {
    text = "there are no nodes";
  } else if (exist == 0) {
    text = "can never run: no node has " + Describe(request);
    it->second.never = true;
  } else if (usable == 0) {
    text = "no node that would do takes work";
  } else {
    text = free == 0 ? "waits for " + Describe(request) : "waits for its turn";
  }
  return it->second;
}

}  // namespace bsub::sched
