#include "scheduler/core/trial.h"

#include <algorithm>
#include <utility>

#include "scheduler/core/explainer.h"
#include "scheduler/core/served_order.h"
#include "scheduler/core/start_study.h"
#include "scheduler/core/submit_checks.h"

namespace bsub::sched {
namespace {

// The job as it would stand in the state, behind all that are there.
Job JobFrom(const State& state, JobSpec spec, TimePoint now) {
  Job job;
  job.id = JobId(state.next_job_id);
  job.priority = spec.settings->priority;
  job.held = spec.held;
  job.begin_reached = !spec.begin_at.set() || spec.begin_at <= now;
  job.submitted_at = job.task.since = now;
  job.spec = std::move(spec);
  if (job.spec.array) job.array = std::make_unique<ArrayState>(job.spec.array->size());
  const std::size_t words = job.array ? job.array->ready.word_count() : 1;
  for (std::size_t word = 0; word < words; ++word) EvaluateTasks(state, job, word);
  return job;
}

// Where it would wait for a node: behind the first one that asks for the same.
WaitingClass ClassFor(const Store& store, const Job& job) {
  WaitingClass waiting{job.spec.settings->queue, store.waiting().KeyOf(job), {}};
  if (const WaitingTable::Classes* classes = store.waiting().ClassesOf(waiting.queue)) {
    const auto same = classes->find(waiting.key);
    if (same != classes->end()) waiting.members.insert(*same->second.members.begin());
  }
  waiting.members.insert({true, job.id, &job});
  return waiting;
}

// What to do about a job that is there is no advice for one that is not.
void DropAdvice(std::vector<Reason>& reasons) {
  const auto is_of_use = [](ReasonCode code) {
    return code == ReasonCode::kResources || code == ReasonCode::kPlacement ||
           code == ReasonCode::kPosition || code == ReasonCode::kNodesUnavailable;
  };
  for (Reason& reason : reasons) {
    if (!is_of_use(reason.code)) reason.next_step.clear();
  }
}

}  // namespace

bool Trial::never() const {
  return std::any_of(reasons.begin(), reasons.end(), [](const Reason& reason) {
    return reason.code == ReasonCode::kNeverFits || reason.code == ReasonCode::kNeverDependency;
  });
}

Result<Trial> TrySubmit(const Settings& settings, const Store& store, const Principal& who, JobSpec spec,
                        TimePoint now, std::uint32_t max_steps) {
  Trial trial;
  trial.default_queue = spec.settings && spec.settings->queue.empty();
  BSUB_RETURN_IF_ERROR(CheckSubmit(settings, store, who, spec));
  Job job = JobFrom(store.state(), std::move(spec), now);
  WaitingClass waiting = ClassFor(store, job);
  job.waiting_class = &waiting;
  trial.queue = waiting.queue;
  trial.reasons = ReasonsToWait(store, job, 0, now);
  DropAdvice(trial.reasons);
  trial.forecast = ForecastOfWaiting(store, job, 0, now, {max_steps, settings.keep});
  if (trial.forecast.in_line)
    trial.forecast.study = std::make_shared<StartStudy>(settings, store, job, 0, now);
  if (!trial.forecast.starts_at.set() || trial.forecast.starts_at > now) return trial;
  const ChosenNodes chosen = store.ChooseNodes(RequestNow(job, now), store.reservations().kept(),
                                               LatestEnd(now, job.spec.settings->walltime));
  for (const NodeId node : chosen.nodes) trial.nodes.push_back(NameOfNode(store.state(), node));
  trial.placement = chosen.placement;
  return trial;
}

}  // namespace bsub::sched
