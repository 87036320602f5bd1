#include "scheduler/core/short_reason.h"

#include "jobs/units.h"
#include "scheduler/core/cycle.h"
#include "scheduler/core/dependency_eval.h"
#include "scheduler/core/explain_calendar.h"
#include "scheduler/core/explain_placement.h"
#include "scheduler/core/reservation_name.h"

namespace bsub::sched {
namespace {

constexpr std::size_t kLongestExpression = 60;

std::string CutExpression(std::string text) {
  if (text.size() > kLongestExpression) text.replace(kLongestExpression, std::string::npos, "…");
  return text;
}

std::string WaitsFor(const NodesRequest& request, std::size_t free) {
  if (request.plain()) return Describe(request.each);
  const std::string of = request.exclusive ? " empty nodes" : " nodes with " + Describe(request.each);
  return std::to_string(request.nodes) + of + ", " + std::to_string(free) + " free";
}

std::string AskedToStand(const NodesRequest& request) {
  const PlacementSpec& placement = request.placement;
  return placement.policy == PlacementPolicy::kNone ? "features " + JoinFeatures(placement.features)
                                                    : "placement " + ToString(placement);
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
  const Node* lost = LostNodeOf(store, attempt);
  if (lost) return "node " + lost->description.name + " is out of contact";
  if (attempt.stop != StopReason::kNone) return "told to stop by " + attempt.stop_by;
  if (WantedStop(attempt) == StopReason::kGangEnds)
    return "ends by the end on node " +
           NameOfNode(store.state(), attempt.gang->parts[attempt.gang->ending_part].node);
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
  const Capacity& capacity = OfCapacity(RequestOf(*job.spec.settings));
  if (capacity.never) return capacity.text;
  const Task* row = job.array && !ordinal ? nullptr : FindTask(job, ordinal.value_or(0));
  if (job.held || (row && row->held)) return "held";
  if (!job.begin_reached) return "not before " + FormatUtc(job.spec.begin_at);
  if (!job.spec.dependency.empty() && !AllReady(job, ordinal)) {
    return (CanNever(store_.state(), job, ordinal.value_or(0)) ? "can never meet " : "waits for ") +
           CutExpression(ToString(job.spec.dependency));
  }
  const std::string dispatch = OfDispatch(job);
  if (!dispatch.empty()) return dispatch;
  const JobSettings& settings = *job.spec.settings;
  const Closure* closure =
      WhatCloses(store_, RequestOf(settings), settings.walltime, store_.calendar().now());
  return closure ? Describe(*closure) + " is in its way" : capacity.text;
}

std::string ShortReasons::OfDispatch(const Job& job) {
  const JobSettings& settings = *job.spec.settings;
  const auto it = store_.state().queues.find(settings.queue);
  if (it == store_.state().queues.end()) return "";
  const Queue& queue = it->second;
  if (!queue.dispatches) return "queue " + queue.name + " is closed";
  if (const auto hit = HitsLimit(store_, queue, settings)) {
    const std::string whose = hit->of == LimitHit::Of::kUser    ? " a user"
                              : hit->of == LimitHit::Of::kShare ? " a share"
                                                                : "";
    return "queue " + queue.name + " runs at most " + std::to_string(hit->limit) +
           (hit->cpus ? " CPUs" : "") + whose;
  }
  if (AwaitsReservation(store_, settings, store_.calendar().now())) {
    const bool known = store_.state().reservations.count(settings.reservation) != 0;
    return "reservation " + std::string(NameForPeople(settings.reservation)) +
           (known ? " has not begun" : " is over");
  }
  if (LeavesTooLittle(store_, queue, job, store_.calendar().now()))
    return "kept for shares that are not active";
  const std::uint32_t limit = job.array ? job.spec.array->concurrency() : 0;
  if (limit > 0 && job.array->live_count() >= limit)
    return "runs at most " + std::to_string(limit) + " at a time";
  return "";
}

const ShortReasons::Capacity& ShortReasons::OfCapacity(const NodesRequest& request) {
  const auto [it, fresh] = capacity_.try_emplace(request);
  if (!fresh) return it->second;
  std::string& text = it->second.text;
  std::size_t exist = 0, usable = 0;
  std::vector<NodeCandidate> free;
  for (const auto& [id, node] : store_.state().nodes) {
    if (!request.each.Fits(node.description.total)) continue;
    ++exist;
    const NodeCapacity::Use* use = store_.capacity().Find(id);
    if (!use || !use->usable) continue;
    ++usable;
    if (store_.capacity().FitsNow(request, *use)) free.push_back({id, use->Free(), use->attempts.empty()});
  }
  if (store_.state().nodes.empty()) {
    text = "there are no nodes";
  } else if (exist < request.nodes) {
    text = request.plain() ? "can never run: no node has " + Describe(request.each)
                           : "can never run: " + std::to_string(exist) + " of " +
                                 std::to_string(request.nodes) + " nodes have " + Describe(request.each);
    it->second.never = true;
  } else if (usable < request.nodes) {
    text = request.nodes == 1 ? "no node that would do takes work"
                              : std::to_string(usable) + " of " + std::to_string(request.nodes) +
                                    " nodes that would do take work";
  } else if (const auto never = RefusedForEver(store_, request)) {
    text = "can never run: " + (request.placement.policy == PlacementPolicy::kNone
                                    ? never->message
                                    : "no placement " + ToString(request.placement) + " on these nodes");
    it->second.never = true;
  } else if (usable < exist && LacksNodes(store_, request)) {
    text = AskedToStand(request) + ": too few of the nodes that could keep it take work";
  } else if (free.size() < request.nodes) {
    text = "waits for " + WaitsFor(request, free.size());
  } else {
    NodesRequest strict = request;
    strict.placement.mode = PlacementMode::kRequired;
    const bool refused = RefusedPlacement(store_, strict, free).has_value();
    text = refused ? "waits for " + AskedToStand(request) : "waits for its turn";
  }
  return it->second;
}

}  // namespace bsub::sched
