#include "scheduler/core/forecast.h"

#include <algorithm>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "jobs/units.h"
#include "scheduler/core/cycle.h"
#include "scheduler/core/explain_calendar.h"
#include "scheduler/core/reservations.h"
#include "scheduler/core/served_order.h"
#include "scheduler/core/task_ranges.h"

namespace bsub::sched {
namespace {

std::string ShellId(const Job& job, const std::string& id) { return job.array ? "'" + id + "'" : id; }

// The tasks of one job that may start, as they are served.
struct Line {
  const Job* job = nullptr;
  const Queue* queue = nullptr;
  std::uint32_t waiting = 0;
  bool is_target = false;
  ServedKey key;
};

// A task leaves a node; or, without a node, a job no longer waits for what it prefers.
struct TaskRelease {
  TimePoint at;
  NodeId node;
  const Job* job = nullptr;
  Resources resources;
  bool main = true;  // false: another node of a task that is counted already
  friend bool operator<(const TaskRelease& a, const TaskRelease& b) {
    return std::tie(b.at, b.node, b.job->id) < std::tie(a.at, a.node, a.job->id);  // for a min-heap
  }
};

// A cluster that is played forward.
class Rehearsal {
 public:
  Rehearsal(const Store& store, TimePoint now, const ForecastLimits& limits)
      : store_(store), now_(now), steps_left_(limits.max_steps), keep_limits_(limits.keep) {
    for (const auto& [id, use] : store.capacity().nodes()) {
      if (use.usable) free_[id] = use.Free();
    }
    for (const auto& [id, use] : store.capacity().nodes()) {
      for (const AttemptRef& ref : use.attempts) AddLive(ref, id);
    }
    for (const auto& [id, kept] : store.reservations().all()) {
      const auto queue = store.state().queues.find(kept.queue);
      if (queue == store.state().queues.end() || free_.count(id) == 0) continue;
      Kept& keeping = keeping_[&queue->second];
      keeping.holder = kept.holder;
      keeping.until = kept.until;
      keeping.job = kept.job;
      keeping.nodes.push_back({id, {}, store.reservations().kept().at(id).taken});
    }
  }

  // `open`: how many of the target's tasks start before it, itself included.
  std::optional<TimePoint> StartOf(const Job& target, std::uint32_t open) {
    AddLines(target);
    for (const auto& [change, times] : store_.calendar().changes())
      releases_.push({change, NodeId(), &target, {}, false});
    target_left_ = open;
    Pass();
    while (target_left_ > 0 && steps_left_ > 0 && !releases_.empty()) {
      now_ = std::max(now_, releases_.top().at);
      while (!releases_.empty() && releases_.top().at <= now_) Release();
      Pass();
    }
    return target_left_ == 0 ? std::optional(now_) : std::nullopt;
  }

  bool OutOfSteps() const { return steps_left_ == 0; }
  std::uint32_t endless() const { return endless_; }

 private:
  using User = std::pair<const Queue*, std::uint32_t>;
  struct Kept {
    ClassKey holder;
    std::vector<KeepCandidate> nodes;
    TimePoint until;
    JobId job{};  // invalid: whoever is first of the class
  };

  void AddLive(const AttemptRef& ref, NodeId node) {
    const Job& job = store_.state().jobs.at(ref.task.job);
    const Task* task = FindTask(job, ref.task.ordinal);
    const Duration walltime = job.spec.settings->walltime;
    const bool main = task->attempt->node == node;
    if (main) Count(job, +1);
    tasks_[node].emplace_back(
        &job, LiveTaskOf(*job.spec.settings, *task->attempt, AllocatedOn(*task->attempt, node)));
    const bool stopping = task->attempt->stop != StopReason::kNone;
    const AttemptNotice* notice = task->attempt->notice.get();
    if (walltime.count() == 0 && !stopping && !notice) {
      endless_ += main;
      return;
    }
    const TimePoint began = task->attempt->started_at.set() ? task->attempt->started_at : now_;
    TimePoint end =
        stopping ? task->attempt->stop_at + job.spec.settings->stop_grace : LatestEnd(began, walltime);
    if (notice) end = std::min(end, notice->ends_at);
    releases_.push({std::max(end, now_), node, &job, AllocatedOn(*task->attempt, node), main});
  }

  void Count(const Job& job, int n) {
    const auto queue = store_.state().queues.find(job.spec.settings->queue);
    if (queue == store_.state().queues.end()) return;
    running_[&queue->second] += n;
    running_of_user_[{&queue->second, job.spec.settings->owner.uid}] += n;
    running_of_job_[&job] += n;
    if (!HasFineLimits(queue->second)) return;
    const JobSettings& settings = *job.spec.settings;
    const std::string share(ShareOf(settings));
    fine_[&queue->second].CountTasks(share, 0, n);
    fine_[&queue->second].CountCpu(share, settings.owner.uid, n * CpuAskedBy(settings));
  }

  void AddLines(const Job& target) {
    for (const Queue* queue : QueuesInOrder(store_.state())) {
      if (!queue->dispatches) continue;
      const std::size_t begin = lines_.size();
      if (const WaitingTable::Classes* classes = store_.waiting().ClassesOf(queue->name)) {
        for (const auto& [key, waiting] : *classes) {
          for (const WaitingMember& member : waiting.members) {
            if (steps_left_ == 0) return;
            --steps_left_;
            AddLine(store_.state().jobs.at(member.job), *queue, target);
          }
        }
      }
      // One that is not among the waiting: its array runs as many children as it may, or it is only tried.
      const bool known = std::any_of(lines_.begin() + static_cast<std::ptrdiff_t>(begin), lines_.end(),
                                     [](const Line& line) { return line.is_target; });
      if (!known && queue->name == target.spec.settings->queue) AddLine(target, *queue, target);
      std::sort(lines_.begin() + static_cast<std::ptrdiff_t>(begin), lines_.end(), ServedBefore);
    }
  }

  void AddLine(const Job& job, const Queue& queue, const Job& target) {
    Line line;
    line.job = &job;
    line.queue = &queue;
    line.waiting = job.array ? job.array->open_count : 1;
    line.is_target = job.id == target.id;
    line.key = ServedKeyOf(store_, queue, job, {!InFront(job), job.id}, now_);
    const PlacementSpec placement = RequestOf(*job.spec.settings).placement;
    const TimePoint prefers_until = WaitsSince(job) + placement.wait;
    if (placement.mode == PlacementMode::kPreferred && prefers_until > now_)
      releases_.push({prefers_until, NodeId(), &job, {}, false});
    lines_.push_back(std::move(line));
  }

  static bool ServedBefore(const Line& a, const Line& b) { return a.key < b.key; }

  void Pass() {
    std::set<std::pair<NodesRequest, Duration>> full;  // no nodes have room for these now
    const bool closes = !store_.calendar().empty();
    kept_.clear();
    kept_before_ = std::exchange(keeping_, {});
    bool no_cpu = Full();
    for (Line& line : lines_) {
      const NodesRequest request = RequestNow(*line.job, now_);
      const Duration walltime = line.job->spec.settings->walltime;
      const std::pair<NodesRequest, Duration> asked(request, closes ? walltime : Duration(0));
      while (line.waiting > 0 && target_left_ > 0 && MayStart(line)) {
        if (no_cpu) return KeepAsBefore();
        std::vector<NodeId> nodes;
        if (full.count(asked) == 0) {
          if (steps_left_ == 0) return;
          --steps_left_;
          nodes = Choose(request, walltime);
        }
        if (nodes.empty()) {
          full.insert(asked);
          KeepNodesFor(line, request);
          break;
        }
        Start(line, nodes, request);
        no_cpu = Full();
      }
    }
  }

  bool MayStart(const Line& line) {
    if (AwaitsReservation(store_, *line.job->spec.settings, now_)) return false;
    const Queue& queue = *line.queue;
    if (queue.max_running > 0 && running_[&queue] >= queue.max_running) return false;
    const std::uint32_t uid = line.job->spec.settings->owner.uid;
    if (queue.max_running_per_user > 0 && running_of_user_[{&queue, uid}] >= queue.max_running_per_user)
      return false;
    if (HasFineLimits(queue) && HitsFineLimit(fine_[&queue], queue, *line.job->spec.settings)) return false;
    const std::uint32_t limit = line.job->array ? line.job->spec.array->concurrency() : 0;
    return limit == 0 || running_of_job_[line.job] < limit;
  }

  // As the cycle does: the first of a queue that fits nowhere keeps its nodes from all that are served later.
  void KeepNodesFor(const Line& line, const NodesRequest& request) {
    if (keeping_.count(line.queue) != 0) return;
    const ClassKey key = store_.waiting().KeyOf(*line.job);
    const auto before = kept_before_.find(line.queue);
    if (before != kept_before_.end() && before->second.holder == key && IsFor(before->second, line) &&
        before->second.until > now_ && CanKeep(before->second)) {
      return Keep(line.queue, before->second);
    }
    std::vector<KeepCandidate> candidates;
    for (const auto& [id, free] : free_) {
      const Resources& total = store_.capacity().Find(id)->total;
      if (key.request.each.Fits(total) && kept_.count(id) == 0)
        candidates.push_back({id, free, key.request.TakenOf(total)});
    }
    TasksByEnd by_end;
    const auto tasks_on = [this, &by_end](NodeId node) -> const TasksByEnd& {
      by_end = {};
      for (const auto& [job, task] : tasks_[node]) by_end.Add(task);
      return by_end;
    };
    KeptNodes chosen = ChooseNodesToKeep(store_, request, line.job->spec.settings->walltime,
                                         std::move(candidates), tasks_on, now_, keep_limits_);
    if (!chosen.nodes.empty()) Keep(line.queue, {key, std::move(chosen.nodes), chosen.until, line.job->id});
  }

  // When it has started, the next of its class is given other nodes.
  static bool IsFor(const Kept& kept, const Line& line) {
    return line.waiting > 0 && (!kept.job.valid() || kept.job == line.job->id);
  }

  bool CanKeep(const Kept& kept) const {
    return std::none_of(kept.nodes.begin(), kept.nodes.end(),
                        [this](const KeepCandidate& node) { return kept_.count(node.node) != 0; });
  }

  // The pass ended before it came to those for whom nodes are kept.
  void KeepAsBefore() {
    for (const auto& [queue, kept] : kept_before_) {
      const bool waits =
          std::any_of(lines_.begin(), lines_.end(), [&kept](const Line& line) { return IsFor(kept, line); });
      if (waits && keeping_.count(queue) == 0 && CanKeep(kept)) Keep(queue, kept);
    }
  }

  bool Full() const {
    return std::none_of(free_.begin(), free_.end(),
                        [](const auto& node) { return node.second.cpu_milli > 0; });
  }

  void Keep(const Queue* queue, const Kept& kept) {
    for (const KeepCandidate& node : kept.nodes) kept_.emplace(node.node, KeptShare{node.taken});
    keeping_.insert_or_assign(queue, kept);
  }

  bool IsOpen(NodeId node, const NodesRequest& request, Duration walltime) const {
    const Calendar& calendar = store_.calendar();
    if (calendar.empty() && request.reservation.empty()) return true;
    return calendar.IsOpen(node, now_, LatestEnd(now_, walltime), request.reservation);
  }

  // As the cycle chooses: those with the fewest CPUs left free.
  std::vector<NodeId> Choose(const NodesRequest& request, Duration walltime) const {
    std::vector<NodeCandidate> candidates;
    for (const auto& [id, free] : free_) {
      if (!request.each.Fits(free) || !IsOpen(id, request, walltime)) continue;
      const Resources& total = store_.capacity().Find(id)->total;
      const auto tasks = tasks_.find(id);
      if (request.exclusive && tasks != tasks_.end() && !tasks->second.empty()) continue;
      const auto kept = kept_.find(id);
      if (kept != kept_.end() && !request.TakenOf(total).Fits(NodeCapacity::Left(free, kept->second.taken)))
        continue;
      if (request.plain() && !candidates.empty()) {
        if (free.cpu_milli < candidates.front().free.cpu_milli) candidates.front() = {id, free, false};
        continue;
      }
      candidates.push_back({id, free, tasks == tasks_.end() || tasks->second.empty()});
    }
    std::stable_sort(
        candidates.begin(), candidates.end(),
        [](const NodeCandidate& a, const NodeCandidate& b) { return a.free.cpu_milli < b.free.cpu_milli; });
    return ChooseNodes(store_.ViewFor(request), request, candidates).nodes;
  }

  void Start(Line& line, const std::vector<NodeId>& nodes, const NodesRequest& request) {
    --line.waiting;
    if (line.is_target) --target_left_;
    Count(*line.job, +1);
    const Duration walltime = line.job->spec.settings->walltime;
    endless_ += walltime.count() == 0;
    for (const NodeId node : nodes) {
      const Resources taken = request.TakenOf(store_.capacity().Find(node)->total);
      free_.at(node) -= taken;
      tasks_[node].push_back({line.job, {now_, walltime.count() > 0 ? now_ + walltime : TimePoint(), taken}});
      if (walltime.count() > 0)
        releases_.push({now_ + walltime, node, line.job, taken, node == nodes.front()});
    }
  }

  void Release() {
    const TaskRelease release = releases_.top();
    releases_.pop();
    if (!release.node.valid()) return;
    if (release.main) Count(*release.job, -1);
    auto& tasks = tasks_[release.node];
    const auto ended = std::find_if(tasks.begin(), tasks.end(), [&](const auto& task) {
      return task.first == release.job && task.second.ends.set() && task.second.ends <= now_;
    });
    if (ended != tasks.end()) tasks.erase(ended);
    if (const auto it = free_.find(release.node); it != free_.end()) it->second += release.resources;
  }

  const Store& store_;
  TimePoint now_;
  std::uint32_t steps_left_;
  const KeepLimits keep_limits_;
  std::map<NodeId, Resources> free_;
  std::priority_queue<TaskRelease> releases_;
  std::map<const Queue*, std::int64_t> running_;
  std::map<User, std::int64_t> running_of_user_;
  std::map<const Job*, std::int64_t> running_of_job_;
  std::map<const Queue*, LimitUse> fine_;
  std::vector<Line> lines_;
  std::map<NodeId, std::vector<std::pair<const Job*, LiveTask>>> tasks_;
  KeptResources kept_;                                  // in this pass
  std::map<const Queue*, Kept> keeping_, kept_before_;  // in this pass and in the one before
  std::uint32_t target_left_ = 0;
  std::uint32_t endless_ = 0;  // tasks without a time limit
};

void OfStarted(const Job& job, const Task* task, Forecast& f) {
  const Duration walltime = job.spec.settings->walltime;
  if (IsOver(f.state)) {
    if (task && task->last_end) f.ends_at = task->last_end->at;
    f.text = "it is over";
    f.next_step = "see how it ended with `bsub-lite why " + ShellId(job, f.id) + "`";
    return;
  }
  f.starts_at = task->attempt->started_at;
  if (!f.starts_at.set()) {
    f.text = "it is being started now";
  } else if (walltime.count() == 0) {
    f.text = "it runs since " + FormatUtc(f.starts_at) + " and has no time limit";
  } else {
    f.ends_at = f.starts_at + walltime;
    f.text =
        "it runs since " + FormatUtc(f.starts_at) + " and ends at " + FormatUtc(f.ends_at) + " at the latest";
  }
}

void OfWaiting(const Store& store, const Job& job, std::uint32_t ordinal, TimePoint now,
               const ForecastLimits& limits, Forecast& f) {
  // What this says of a blocked task would be about another day.
  const bool open = job.array ? job.array->open.test(ordinal) : job.ready && !job.task.held;
  const auto queue = store.state().queues.find(job.spec.settings->queue);
  const bool closed = queue == store.state().queues.end() || !queue->second.dispatches;
  f.next_step = "see what keeps it with `bsub-lite why " + ShellId(job, f.id) + "`";
  if (!job.begin_reached) {
    f.text = "not before " + FormatUtc(job.spec.begin_at);
    f.starts_at = job.spec.begin_at;
    return;
  }
  if (job.held || !open || closed) {
    f.text = "that cannot be said: it may not start yet, whatever is free";
    return;
  }
  f.in_line = true;
  Rehearsal rehearsal(store, now, limits);
  std::uint32_t before = 1;
  if (job.array) before += job.array->open.CountBefore(ordinal);
  const auto start = rehearsal.StartOf(job, before);
  if (start) {
    f.starts_at = *start;
    const bool soon = *start <= now;
    f.text = soon ? "it starts with the next scheduling cycle"
                  : "it starts by " + FormatUtc(*start) + ", in " + FormatDuration(*start - now) +
                        ", if what runs uses all of its time";
    const JobSettings& settings = *job.spec.settings;
    const Closure* closure = soon ? nullptr : WhatCloses(store, RequestNow(job, now), settings.walltime, now);
    if (closure) f.text += "; " + Describe(*closure) + " is in its way";
    const Duration walltime = job.spec.settings->walltime;
    if (walltime.count() > 0) f.ends_at = *start + walltime;
    if (soon) f.next_step.clear();
  } else if (rehearsal.OutOfSteps()) {
    f.text = "that cannot be said: too many jobs wait to play them all forward";
  } else if (rehearsal.endless() > 0) {
    f.text = "that cannot be said: it waits for tasks that have no time limit (-t), " +
             std::to_string(rehearsal.endless()) + " in all";
  } else {
    f.text = "it cannot start on the nodes that take work now";
  }
}

// Of an array as a whole: the first child that waits, else one that runs.
std::uint32_t ChildToSpeakFor(const Job& job) {
  if (!job.array) return 0;
  if (const auto open = job.array->open.FirstSet()) return *open;
  if (const auto waiting = FirstTask(job, WaitingTasks)) return *waiting;
  return job.array->rows.empty() ? 0 : job.array->rows.begin()->first;
}

Forecast OfWholeArray(const Job& job) {
  Forecast f;
  f.id = std::to_string(job.id.value());
  f.state = StateOf(job);
  f.ends_at = job.finished_at;
  f.text = "all of its children are over";
  f.next_step = "see how they ended with `bsub-lite jobs --children " + f.id + "`";
  return f;
}

}  // namespace

Forecast ForecastOfWaiting(const Store& store, const Job& job, std::uint32_t ordinal, TimePoint now,
                           const ForecastLimits& limits) {
  Forecast f;
  f.id = DisplayId(job, ordinal);
  f.state = StateOf(job, ordinal);
  f.ordinal = ordinal;
  OfWaiting(store, job, ordinal, now, limits, f);
  return f;
}

Result<Forecast> MakeForecast(const Store& store, const TaskSelector& target, TimePoint now,
                              const ForecastLimits& limits) {
  const Job* job = store.state().FindJob(target.job);
  if (!job) return NotFound("job " + std::to_string(target.job.value()) + " does not exist");
  if (job->array && !target.ordinal && job->Over()) return OfWholeArray(*job);
  const std::uint32_t ordinal = target.ordinal.value_or(ChildToSpeakFor(*job));
  if (ordinal >= job->size())
    return NotFound("job " + std::to_string(target.job.value()) + " has no such child");
  const JobState state = StateOf(*job, ordinal);
  if (IsWaiting(state)) return ForecastOfWaiting(store, *job, ordinal, now, limits);
  Forecast f;
  f.id = DisplayId(*job, ordinal);
  f.state = state;
  OfStarted(*job, FindTask(*job, ordinal), f);
  return f;
}

}  // namespace bsub::sched
