#include "scheduler/core/rehearsal.h"

#include <algorithm>
#include <map>
#include <optional>
#include <queue>
#include <tuple>
#include <utility>
#include <vector>

#include "scheduler/core/cycle.h"
#include "scheduler/core/reservations.h"
#include "scheduler/core/served_order.h"

namespace bsub::sched {
namespace {

// What work costs, in looks at a line or a node.
constexpr std::uint64_t kLooksPerStep = 64;
constexpr std::uint64_t kLooksPerTask = 32;   // that runs
constexpr std::uint64_t kLooksPerLimit = 16;  // whether one is reached

// The tasks of one job that may start, as they are served.
struct Line {
  const Job* job = nullptr;
  const Queue* queue = nullptr;
  std::uint32_t waiting = 0;
  bool is_target = false;
  ServedKey key;
  // What it asks for; until it no longer waits for what it prefers, that is required.
  std::size_t kind = 0, strict_kind = 0;
  TimePoint prefers_until{};
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
  Rehearsal(const Store& store, TimePoint now, const RehearsalLimits& limits)
      : store_(store), now_(now), looks_left_(limits.max_steps * kLooksPerStep), keep_limits_(limits.keep) {
    for (const auto& [id, use] : store.capacity().nodes()) {
      if (!use.usable) continue;
      free_[id] = use.Free();
      with_cpu_ += free_[id].cpu_milli > 0;
    }
    for (const auto& [id, use] : store.capacity().nodes()) {
      for (const AttemptRef& ref : use.attempts) {
        if (!Spend(kLooksPerTask)) return;
        AddLive(ref, id);
      }
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
  Rehearsed StartOf(const Job& target, std::uint32_t open) {
    AddLines(target);
    for (const auto& [change, times] : store_.calendar().changes())
      releases_.push({change, NodeId(), &target, {}, false});
    target_left_ = open;
    Pass();
    while (target_left_ > 0 && looks_left_ > 0 && !releases_.empty()) {
      now_ = std::max(now_, releases_.top().at);
      while (!releases_.empty() && releases_.top().at <= now_) Release();
      Pass();
    }
    return {target_left_ == 0 ? std::optional(now_) : std::nullopt, looks_left_ == 0, endless_};
  }

 private:
  using User = std::pair<const Queue*, std::uint32_t>;
  // What the members of a class ask for, and for how long (negative: it is the same) the stricter thing.
  struct Kinds {
    std::size_t asked = 0, strict = 0;
    Duration wait{-1};
  };
  struct Kept {
    ClassKey holder;
    std::vector<KeepCandidate> nodes;
    TimePoint until;
    JobId job{};  // invalid: whoever is first of the class
  };

  // False: that was all there was to spend.
  bool Spend(std::uint64_t looks) {
    looks_left_ -= std::min(looks_left_, looks);
    return looks_left_ > 0;
  }

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
        for (const auto& [key, waiting] : *classes) AddClass(waiting, *queue, target);
      }
      // One that is not among the waiting: its array runs as many children as it may, or it is only tried.
      const bool known = std::any_of(lines_.begin() + static_cast<std::ptrdiff_t>(begin), lines_.end(),
                                     [](const Line& line) { return line.is_target; });
      if (!known && queue->name == target.spec.settings->queue)
        AddLine(target, *queue, target, KindsOf(RequestOf(*target.spec.settings), target));
      std::sort(lines_.begin() + static_cast<std::ptrdiff_t>(begin), lines_.end(), ServedBefore);
    }
  }

  void AddClass(const WaitingClass& waiting, const Queue& queue, const Job& target) {
    const Kinds kinds = KindsOf(waiting.key.request, *waiting.members.begin()->of);
    for (const WaitingMember& member : waiting.members) {
      if (!Spend(kLooksPerStep)) return;
      // Where nodes close, time limits tell the members apart or are the same for all.
      AddLine(*member.of, queue, target, kinds);
    }
  }

  Kinds KindsOf(NodesRequest request, const Job& job) {
    const Duration walltime = store_.calendar().empty() ? Duration(0) : job.spec.settings->walltime;
    Kinds kinds;
    kinds.wait = request.placement.mode == PlacementMode::kPreferred ? request.placement.wait : Duration(-1);
    kinds.asked = KindOf(request, walltime);
    if (kinds.wait >= Duration(0)) request.placement.mode = PlacementMode::kRequired;
    kinds.strict = KindOf(request, walltime);
    return kinds;
  }

  std::size_t KindOf(const NodesRequest& request, Duration walltime) {
    const auto [it, fresh] = kind_of_.try_emplace({request, walltime}, kinds_.size());
    if (fresh) kinds_.push_back(&it->first.first);
    return it->second;
  }

  void AddLine(const Job& job, const Queue& queue, const Job& target, const Kinds& kinds) {
    Line line;
    line.job = &job;
    line.queue = &queue;
    line.waiting = job.array ? job.array->open_count : 1;
    line.is_target = job.id == target.id;
    line.key = ServedKeyOf(store_, queue, job, {!InFront(job), job.id}, now_);
    line.kind = kinds.asked;
    line.strict_kind = kinds.strict;
    if (kinds.wait >= Duration(0)) line.prefers_until = WaitsSince(job) + kinds.wait;
    if (line.prefers_until > now_) releases_.push({line.prefers_until, NodeId(), &job, {}, false});
    lines_.push_back(std::move(line));
  }

  static bool ServedBefore(const Line& a, const Line& b) { return a.key < b.key; }

  void Pass() {
    full_.assign(kinds_.size(), false);
    kept_.clear();
    kept_before_ = std::exchange(keeping_, {});
    ForgetStarted();
    for (Line& line : lines_) {
      if (target_left_ == 0) return;
      const std::size_t kind = line.prefers_until > now_ ? line.strict_kind : line.kind;
      if (!Spend(1)) return;
      // Nothing starts of it, and nobody behind the first of a queue has nodes kept.
      if (with_cpu_ > 0 && full_[kind] && keeping_.count(line.queue) != 0) continue;
      if (!Serve(line, kind)) return;
    }
  }

  void ForgetStarted() {
    if (started_ * 2 < lines_.size()) return;
    std::erase_if(lines_, [](const Line& line) { return line.waiting == 0; });
    started_ = 0;
  }

  // As many tasks of the job as may start. False: the pass is over.
  bool Serve(Line& line, std::size_t kind) {
    const NodesRequest& request = *kinds_[kind];
    while (line.waiting > 0 && target_left_ > 0 && Spend(kLooksPerLimit) && MayStart(line)) {
      if (with_cpu_ == 0) {
        KeepAsBefore();
        return false;
      }
      std::vector<NodeId> nodes;
      if (!full_[kind]) {
        if (!Spend(kLooksPerStep + free_.size())) return false;
        ChosenNodes chosen = Choose(request, line.job->spec.settings->walltime);
        if (!request.plain()) Spend(chosen.tries * free_.size());
        nodes = std::move(chosen.nodes);
      }
      if (nodes.empty()) {
        full_[kind] = true;
        KeepNodesFor(line, request);
        return true;
      }
      Start(line, nodes, request);
    }
    return looks_left_ > 0;
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
    if (keeping_.count(line.queue) != 0 || !Spend(2 * free_.size())) return;
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
      if (!Spend(lines_.size())) return;
      const bool waits =
          std::any_of(lines_.begin(), lines_.end(), [&kept](const Line& line) { return IsFor(kept, line); });
      if (waits && keeping_.count(queue) == 0 && CanKeep(kept)) Keep(queue, kept);
    }
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
  ChosenNodes Choose(const NodesRequest& request, Duration walltime) const {
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
    return ChooseNodes(store_.ViewFor(request), request, candidates);
  }

  void Start(Line& line, const std::vector<NodeId>& nodes, const NodesRequest& request) {
    --line.waiting;
    started_ += line.waiting == 0;
    if (line.is_target) --target_left_;
    Count(*line.job, +1);
    const Duration walltime = line.job->spec.settings->walltime;
    endless_ += walltime.count() == 0;
    for (const NodeId node : nodes) {
      const Resources taken = request.TakenOf(store_.capacity().Find(node)->total);
      Change(free_.at(node), taken, false);
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
    if (const auto it = free_.find(release.node); it != free_.end())
      Change(it->second, release.resources, true);
  }

  // What is free of a node.
  void Change(Resources& free, const Resources& by, bool more) {
    with_cpu_ -= free.cpu_milli > 0;
    if (more) {
      free += by;
    } else {
      free -= by;
    }
    with_cpu_ += free.cpu_milli > 0;
  }

  const Store& store_;
  TimePoint now_;
  std::uint64_t looks_left_;
  const KeepLimits keep_limits_;
  std::map<NodeId, Resources> free_;
  std::size_t with_cpu_ = 0;  // nodes that have any free
  std::priority_queue<TaskRelease> releases_;
  std::map<const Queue*, std::int64_t> running_;
  std::map<User, std::int64_t> running_of_user_;
  std::map<const Job*, std::int64_t> running_of_job_;
  std::map<const Queue*, LimitUse> fine_;
  std::vector<Line> lines_;
  std::size_t started_ = 0;  // of these, with nothing that waits any more
  std::map<std::pair<NodesRequest, Duration>, std::size_t> kind_of_;  // the time limit where nodes close
  std::vector<const NodesRequest*> kinds_;
  std::vector<bool> full_;  // of each kind: no nodes have room for it now
  std::map<NodeId, std::vector<std::pair<const Job*, LiveTask>>> tasks_;
  KeptResources kept_;                                  // in this pass
  std::map<const Queue*, Kept> keeping_, kept_before_;  // in this pass and in the one before
  std::uint32_t target_left_ = 0;
  std::uint32_t endless_ = 0;  // tasks without a time limit
};

}  // namespace

Rehearsed Rehearse(const Store& store, const Job& target, std::uint32_t open, TimePoint now,
                   const RehearsalLimits& limits) {
  return Rehearsal(store, now, limits).StartOf(target, open);
}

}  // namespace bsub::sched
