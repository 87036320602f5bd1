#include "scheduler/core/explainer.h"

#include <algorithm>

#include "jobs/text.h"
#include "jobs/units.h"
#include "scheduler/core/cycle.h"
#include "scheduler/core/dependency_eval.h"
#include "scheduler/core/explain_live.h"
#include "scheduler/core/explain_nodes.h"
#include "scheduler/core/explain_over.h"
#include "scheduler/core/explain_position.h"
#include "scheduler/core/reservation_name.h"
#include "scheduler/core/served_order.h"
#include "scheduler/core/task_ranges.h"

namespace bsub::sched {
namespace {

// Collects every reason of one waiting task.
class WaitingReasons {
 public:
  WaitingReasons(const Store& store, const Job& job, std::uint32_t ordinal, TimePoint now)
      : store_(store), job_(job), ordinal_(ordinal), now_(now), settings_(*job.spec.settings) {}

  std::vector<Reason> Collect() {
    Dependencies();
    BeginTime();
    Holds();
    QueueState();
    Limits();
    OwnReservation();
    Concurrency();
    const bool blocked = !found_.empty();
    Capacity(blocked);
    if (found_.empty()) Position();
    return std::move(found_);
  }

 private:
  Reason& Add(ReasonCode code, std::string text, std::string next_step) {
    return found_.emplace_back(Reason{code, std::move(text), std::move(next_step), {}});
  }

  void Dependencies() {
    if (job_.spec.dependency.empty()) return;
    const Verdict verdict = EvaluateWord(store_.state(), job_, ordinal_ / 64);
    if (verdict.met >> (ordinal_ % 64) & 1) return;
    const bool never = verdict.never >> (ordinal_ % 64) & 1;
    const std::string expression = ToString(job_.spec.dependency);
    Reason& reason = never ? Add(ReasonCode::kNeverDependency,
                                 "its dependency " + expression +
                                     " can never be met; it stays because --keep-if-impossible was given",
                                 "end it with `bsub-lite cancel " + Id() + "`")
                           : Add(ReasonCode::kDependency, "it waits for its dependency " + expression,
                                 "see which children are over with `bsub-lite jobs --children --all " +
                                     std::to_string(job_.id.value()) + "`");
    const std::vector<ConditionStatus> blocking = BlockingConditions(store_.state(), job_, ordinal_, never);
    for (const ConditionStatus& c : blocking) AddEvidence(reason, c.text + ": " + c.because);
    const std::string parent = FirstTarget(store_.state(), blocking);
    if (parent.empty()) return;
    if (never) {
      reason.next_step = "run job " + parent + " again with `bsub-lite requeue " + parent +
                         "`, or end this one with `bsub-lite cancel " + Id() + "`";
    } else {
      reason.next_step = std::string("see what ") + (blocking.size() == 1 ? "it" : "the first of them") +
                         " waits for with `bsub-lite why " + parent + "`";
    }
  }

  void BeginTime() {
    if (job_.begin_reached) return;
    Add(ReasonCode::kBeginTime,
        "it was asked to begin at " + FormatUtc(job_.spec.begin_at) +
            (job_.spec.begin_at > now_ ? ", in " + FormatDuration(job_.spec.begin_at - now_)
                                       : ", which this machine's clock has not reached"),
        "it starts then at the earliest; to start it sooner, end it with `bsub-lite cancel " + Id() +
            "` and submit it again without --begin");
  }

  void Holds() {
    const Task* row = FindTask(job_, ordinal_);
    const bool child = job_.array && row && row->held;
    if (!job_.held && !child) return;
    const bool admin = job_.held ? job_.admin_hold : row->admin_hold;
    Add(ReasonCode::kHeld,
        std::string(job_.held ? "the job is held" : "this child is held") +
            (admin ? " by an administrator" : ""),
        std::string(admin ? "an administrator can let it go" : "let it go") + " with `bsub-lite release " +
            (job_.held ? std::to_string(job_.id.value()) : Id()) + "`");
  }

  void QueueState() {
    const Queue* queue = FindQueue();
    if (!queue || queue->dispatches) return;
    Add(ReasonCode::kQueueInactive, "queue " + queue->name + " is closed: it starts no jobs now",
        "an administrator can open it with `bsub-lite queues open " + queue->name + "`");
  }

  void Limits() {
    const Queue* queue = FindQueue();
    if (!queue) return;
    if (LeavesTooLittle(store_, *queue, job_, now_)) Reserve(*queue);
    const auto hit = HitsLimit(store_, *queue, settings_);
    if (!hit) return;
    const std::int64_t raised = std::max(2 * hit->limit, hit->cpus ? (hit->asked + 999) / 1000 : 0);
    Add(CodeOf(*hit), Describe(*hit, *queue, settings_),
        std::string(hit->never() ? ""
                    : hit->cpus  ? "it starts when enough of them have ended; "
                                 : "it starts when one of them ends; ") +
            "an administrator can raise the limit, e.g. with `bsub-lite queues set " + queue->name + " " +
            OptionOf(*hit) + " " + std::to_string(raised) + "`");
  }

  static ReasonCode CodeOf(const LimitHit& hit) {
    switch (hit.of) {
      case LimitHit::Of::kQueue:
        return ReasonCode::kQueueLimit;
      case LimitHit::Of::kUser:
        return ReasonCode::kUserLimit;
      case LimitHit::Of::kShare:
        return ReasonCode::kShareLimit;
    }
    return ReasonCode::kQueueLimit;
  }

  void Reserve(const Queue& queue) {
    const LimitUse* use = store_.LimitUseOf(queue.name);
    const std::size_t active = store_.ActiveShares(queue, now_);
    const std::int64_t total = store_.capacity().total_cpu_milli();
    const std::int64_t kept = sched::Reserved(total, queue.fair_share.compute_reservation, active);
    Add(ReasonCode::kQueueLimit,
        "queue " + queue.name + " keeps " + FormatCpus(kept) + " of " + FormatCpus(total) +
            " CPUs free for shares that are not active yet (" + std::to_string(active) +
            (active == 1 ? " is" : " are") + "), and " + FormatCpus(use ? use->cpu_milli : 0) + " run",
        "it starts when more is free; an administrator can lower the reserve with `bsub-lite queues set " +
            queue.name + " --compute-reservation N`");
  }

  void OwnReservation() {
    if (!AwaitsReservation(store_, settings_, now_)) return;
    const std::string name(NameForPeople(settings_.reservation));
    const auto it = store_.state().reservations.find(settings_.reservation);
    if (it == store_.state().reservations.end()) {
      const bool later = FindReservation(store_.state(), name) != nullptr;
      Add(ReasonCode::kReservation,
          "its reservation " + name + " is over or was deleted" +
              (later ? ", and the one that is called so now is another" : ""),
          "end it with `bsub-lite cancel " + Id() + "` and submit it again without --reservation" +
              (later ? ", or with it for the one that there is now" : ""));
      return;
    }
    Add(ReasonCode::kReservation,
        "its reservation " + name + " begins at " + FormatUtc(it->second.from) + ", in " +
            FormatDuration(it->second.from - now_),
        "to start it sooner, end it with `bsub-lite cancel " + Id() +
            "` and submit it again without --reservation");
  }

  void Concurrency() {
    if (!job_.array) return;
    const std::uint32_t limit = job_.spec.array->concurrency();
    if (limit == 0 || job_.array->live_count() < limit) return;
    Add(ReasonCode::kArrayConcurrency,
        "the array was submitted with %" + std::to_string(limit) +
            ": at most so many children at a time, and " + std::to_string(job_.array->live_count()) +
            " run now",
        "it starts when one of them ends; see them with `bsub-lite jobs --children --state running " +
            std::to_string(job_.id.value()) + "`");
  }

  // Capacity is judged even if something else blocks, so that "can never run" shows at once.
  void Capacity(bool blocked) {
    if (store_.state().nodes.empty()) {
      Add(ReasonCode::kNoNodes, "the cluster has no nodes", "start some: on one machine with `bsub-lite up`");
      return;
    }
    const std::string& reservation = settings_.reservation;
    if (!reservation.empty() && store_.state().reservations.count(reservation) == 0) return;  // it has none
    auto reason = ReasonOfNodes(store_, job_, ordinal_, now_, blocked);
    if (!reason) return;
    found_.push_back(std::move(*reason));
    if (found_.back().code == ReasonCode::kResources) Position();
  }

  void Position() {
    const Ahead ahead = CountAhead(store_, job_, now_);
    if (ahead.jobs == 0 && !found_.empty()) return;
    if (ahead.jobs == 0 && !ahead.tired()) {
      Add(ReasonCode::kPosition, "it is next in line and starts with the next scheduling cycle", "");
      return;
    }
    const std::string jobs = ahead.many() ? "more than " + std::to_string(Ahead::kMostCounted) + " jobs are"
                             : ahead.jobs == 1 ? "1 job is"
                                               : std::to_string(ahead.jobs) + " jobs are";
    Add(ReasonCode::kPosition,
        (ahead.tired() && !ahead.many() ? "at least " : "") + jobs +
            " served before it in its own or a higher queue",
        "see them with `bsub-lite jobs --user all --state waiting`");
  }

  const Queue* FindQueue() const {
    const auto it = store_.state().queues.find(settings_.queue);
    return it == store_.state().queues.end() ? nullptr : &it->second;
  }
  std::string Id() const { return ShellId(job_, ordinal_); }

  const Store& store_;
  const Job& job_;
  const std::uint32_t ordinal_;
  const TimePoint now_;
  const JobSettings& settings_;
  std::vector<Reason> found_;
};

// Of a whole array: the child that speaks for it.
std::uint32_t Spokesman(const Job& job) {
  if (const auto waiting = FirstTask(job, WaitingTasks)) return *waiting;
  for (const auto& [ordinal, row] : job.array->rows) return ordinal;
  return job.array->failed.FirstSet().value_or(0);
}

}  // namespace

std::vector<Reason> ReasonsToWait(const Store& store, const Job& job, std::uint32_t ordinal, TimePoint now) {
  return WaitingReasons(store, job, ordinal, now).Collect();
}

Result<Explanation> Explain(const Store& store, const TaskSelector& target, TimePoint now) {
  const Job* job = store.state().FindJob(target.job);
  if (!job) return NotFound("job " + std::to_string(target.job.value()) + ": no such job");
  const bool whole = job->array && !target.ordinal;
  const std::uint32_t ordinal = target.ordinal ? *target.ordinal : whole ? Spokesman(*job) : 0;
  if (ordinal >= job->size())
    return NotFound("job " + std::to_string(target.job.value()) + ": no such child");

  Explanation e;
  e.task = {job->id, ordinal};
  e.id = whole ? std::to_string(job->id.value()) : DisplayId(*job, ordinal);
  e.state = whole ? StateOf(*job) : StateOf(*job, ordinal);
  const Task* task = FindTask(*job, ordinal);
  e.held = !IsOver(e.state) && (job->held || (task && task->held));
  if (whole) e.waiting_children = static_cast<std::uint32_t>(CountsOf(*job).waiting);

  const JobState state = StateOf(*job, ordinal);
  if (IsLive(state)) {
    e.reasons.push_back(LiveReason(store, *task, now));
  } else if (IsOver(state)) {
    e.reasons.push_back(OverReason(store.state(), *job, ordinal));
  } else {
    e.reasons = ReasonsToWait(store, *job, ordinal, now);
  }
  return e;
}

}  // namespace bsub::sched
