#include "scheduler/core/explainer.h"

#include <algorithm>
#include <set>

#include "jobs/text.h"
#include "jobs/units.h"
#include "scheduler/core/cycle.h"
#include "scheduler/core/dependency_eval.h"
#include "scheduler/core/explain_live.h"
#include "scheduler/core/explain_over.h"
#include "scheduler/core/explain_placement.h"
#include "scheduler/core/explain_position.h"
#include "scheduler/core/preemption.h"
#include "scheduler/core/served_order.h"
#include "scheduler/core/task_ranges.h"

namespace bsub::sched {
namespace {

std::string Tasks(std::int64_t n) { return std::to_string(n) + (n == 1 ? " task" : " tasks"); }

// Collects every reason of one waiting task.
class WaitingReasons {
 public:
  WaitingReasons(const Store& store, const Job& job, std::uint32_t ordinal, TimePoint now)
      : store_(store),
        job_(job),
        ordinal_(ordinal),
        now_(now),
        settings_(*job.spec.settings),
        request_(RequestNow(job, now)) {}

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
    const std::size_t active = store_.ActiveShares(queue, now_);
    const std::int64_t total = store_.capacity().total_cpu_milli();
    const std::int64_t kept = sched::Reserved(total, queue.fair_share.compute_reservation, active);
    Add(ReasonCode::kQueueLimit,
        "queue " + queue.name + " keeps " + FormatCpus(kept) + " of " + FormatCpus(total) +
            " CPUs free for shares that are not active yet (" + std::to_string(active) +
            (active == 1 ? " is" : " are") + "), and " +
            FormatCpus(store_.LoadOfQueue(queue.name).cpu_milli) + " run",
        "it starts when more is free; an administrator can lower the reserve with `bsub-lite queues set " +
            queue.name + " --compute-reservation N`");
  }

  void OwnReservation() {
    if (!AwaitsReservation(store_, settings_, now_)) return;
    const std::string& name = settings_.reservation;
    const auto it = store_.state().reservations.find(name);
    if (it == store_.state().reservations.end()) {
      Add(ReasonCode::kReservation, "its reservation " + name + " is over or was deleted",
          "end it with `bsub-lite cancel " + Id() + "` and submit it again without --reservation");
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

  struct NodeGroups {
    std::size_t fit_now = 0, fit_later = 0, too_small = 0, unavailable = 0, kept = 0, closes = 0;
    Closure closure;                       // of those that would have room now, the one that ends first
    std::string closing_node;              // and where
    std::vector<NodeCandidate> with_room;  // those that fit now
    std::string drained;                   // one that would do
    std::string kept_node;                 // one that would do but for a job that is before this one
    JobId kept_for;
    std::size_t able() const { return fit_now + fit_later + unavailable + kept + closes; }  // some day
  };

  // Ids follow the order of registration, which means nothing to people.
  std::vector<const Node*> NodesByName() const {
    std::vector<const Node*> nodes;
    for (const auto& [id, node] : store_.state().nodes) nodes.push_back(&node);
    std::sort(nodes.begin(), nodes.end(), [](const Node* a, const Node* b) {
      return NaturalLess(a->description.name, b->description.name);
    });
    return nodes;
  }

  NodeGroups GroupNodes(Reason& reason) const {
    NodeGroups groups;
    for (const Node* listed : NodesByName()) {
      const Node& node = *listed;
      const NodeCapacity::Use* use = store_.capacity().Find(node.id);
      const std::string& name = node.description.name;
      if (!request_.reservation.empty() && !store_.calendar().Reserves(node.id, request_.reservation)) {
        AddEvidence(reason, name + ": not of reservation " + request_.reservation);
      } else if (!request_.each.Fits(node.description.total)) {
        ++groups.too_small;
        AddEvidence(reason, name + ": too small, has " + Describe(node.description.total));
      } else if (!use || !use->usable) {
        ++groups.unavailable;
        if ((node.drained || node.notice) && groups.drained.empty()) groups.drained = name;
        AddEvidence(reason, name + ": " + WhyUnusable(node));
      } else if (!store_.capacity().FitsNow(request_, *use)) {
        ++groups.fit_later;
        AddEvidence(reason, name + ": busy, " + Describe(use->Free()) + " free of " + Describe(use->total) +
                                ", " + Tasks(static_cast<std::int64_t>(use->attempts.size())) + " there" +
                                HoldersOn(*use));
      } else if (const Closure* closure = ClosureFor(node.id)) {
        if (groups.closes++ == 0 || closure->to < groups.closure.to)
          groups.closure = *closure, groups.closing_node = name;
        AddEvidence(reason, name + ": has room, but " + sched::Describe(*closure) + " is in the way");
      } else if (const auto holder = KeptFromThis(node.id, use->Free())) {
        if (groups.kept++ == 0) groups.kept_node = name, groups.kept_for = *holder;
        AddEvidence(reason,
                    name + ": kept free for job " + std::to_string(holder->value()) + KeptUntil(node.id));
      } else {
        ++groups.fit_now;
        groups.with_room.push_back({node.id, use->Free(), use->attempts.empty()});
      }
    }
    return groups;
  }

  const Closure* ClosureFor(NodeId node) const {
    return store_.calendar().InTheWay(node, now_, LatestEnd(now_, settings_.walltime), request_.reservation);
  }

  // Whose tasks hold a node that a job on several nodes lacks.
  std::string HoldersOn(const NodeCapacity::Use& use) const {
    constexpr std::size_t kShown = 3;
    if (request_.nodes == 1) return "";
    std::set<JobId> jobs;
    for (const AttemptRef& ref : use.attempts) jobs.insert(ref.task.job);
    std::string text;
    std::size_t shown = 0;
    for (const JobId job : jobs) {
      if (shown == kShown) {
        text += ", …";
        break;
      }
      text += (shown++ == 0 ? (jobs.size() == 1 ? ", of job " : ", of jobs ") : ", ") +
              std::to_string(job.value());
    }
    return text + UntilWhen(use);
  }

  // When the last of a node's tasks is over, at the latest.
  static std::string UntilWhen(const NodeCapacity::Use& use) {
    if (!use.tasks.endless().empty()) return ", without a time limit";
    const TimePoint last = use.tasks.limited().empty() ? TimePoint() : use.tasks.limited().back().ends;
    return last.set() ? ", until " + FormatUtc(last) : "";
  }

  // The job for which the node is kept free, if this one must leave it alone.
  std::optional<JobId> KeptFromThis(NodeId node, const Resources& free) const {
    const auto it = store_.reservations().all().find(node);
    if (it == store_.reservations().all().end() || !FindQueue() || !job_.waiting_class) return std::nullopt;
    const Resources& taken = request_.TakenOf(store_.capacity().Find(node)->total);
    const KeptShare& kept = store_.reservations().kept().at(node);
    if (LeavesAlone(kept, taken, free, LatestEnd(now_, settings_.walltime))) return std::nullopt;
    const WaitingClass* holder = YieldsTo(it->second);
    return holder ? std::optional(WhomFor(it->second, *holder)) : std::nullopt;
  }

  static JobId WhomFor(const Reservation& reservation, const WaitingClass& holder) {
    return reservation.job.valid() ? reservation.job : holder.members.begin()->job;
  }

  // Those for whom a node is kept, if they are before this one. It waits in a queue.
  const WaitingClass* YieldsTo(const Reservation& reservation) const {
    const WaitingClass* holder = HolderOf(store_, reservation);
    const auto [yields, fresh] = must_yield_.try_emplace(holder, false);
    if (fresh) yields->second = MustYield(store_, *FindQueue(), *job_.waiting_class, reservation, now_);
    return yields->second ? holder : nullptr;
  }

  std::string KeptUntil(NodeId node) const {
    const TimePoint from = store_.reservations().kept().at(node).from;
    return from.set() ? ", which is expected to need it at " + FormatUtc(from) : "";
  }

  // What is kept for those that are before this one.
  KeptResources KeptForThoseBefore() const {
    KeptResources kept;
    if (!FindQueue() || !job_.waiting_class) return kept;
    for (const auto& [node, reservation] : store_.reservations().all()) {
      if (YieldsTo(reservation)) kept.emplace(node, store_.reservations().kept().at(node));
    }
    return kept;
  }

  // What is kept free for this job or for one that asks for the same and is before it.
  std::string KeptForThis() const {
    if (!job_.waiting_class) return "";
    const std::vector<NodeId> nodes = store_.reservations().NodesOf(settings_.queue, job_.waiting_class->key);
    if (nodes.empty()) return "";
    const JobId first = WhomFor(store_.reservations().all().at(nodes.front()), *job_.waiting_class);
    const std::string whom = first == job_.id ? "it" : "job " + std::to_string(first.value());
    if (nodes.size() > 1) return "; " + CountNodes(nodes.size()) + " are kept free for " + whom;
    return "; node " + NameOfNode(store_.state(), nodes.front()) + " is kept free for " + whom;
  }

  std::string WhyUnusable(const Node& node) const {
    if (node.drained)
      return "drained by " + node.drained_by + (node.drain_reason.empty() ? "" : ": " + node.drain_reason);
    if (node.notice)
      return "is taken away at " + FormatUtc(node.notice->ends_at) + ": " + node.notice->reason;
    if (node.state != NodeState::kUp)
      return std::string(ToString(node.state)) + " since " + FormatUtc(node.state_since);
    if (const std::string* why = store_.RestingFor(node.id)) return "gets no task for a while: " + *why;
    return "has not connected since the scheduler started";
  }

  // Capacity is judged even if something else blocks, so that "can never run" shows at once.
  void Capacity(bool blocked) {
    if (store_.state().nodes.empty()) {
      Add(ReasonCode::kNoNodes, "the cluster has no nodes", "start some: on one machine with `bsub-lite up`");
      return;
    }
    Reason reason;
    const NodeGroups g = GroupNodes(reason);
    const auto never = RefusedForEver(store_, RequestOf(settings_));
    if (g.able() < request_.nodes) {
      NeverFits(g, reason);
    } else if (never) {
      NeverStandSo(*never, reason);
    } else if (blocked) {
      return;
    } else if (g.fit_now >= request_.nodes) {
      const auto refused = RefusedPlacement(store_, request_, g.with_room);
      if (!refused) return;
      if (!StandsNowhereWithout(g, reason)) DoNotStandSo(*refused, g, reason);
    } else if (g.closes > 0 && g.fit_now + g.closes + g.kept >= request_.nodes) {
      Closes(g, reason);
    } else if (g.able() - g.unavailable < request_.nodes) {
      Unavailable(g, reason);
    } else if (!StandsNowhereWithout(g, reason)) {
      g.fit_now + g.kept >= request_.nodes ? KeptForOthers(g, reason) : Busy(g, reason);
    }
    found_.push_back(std::move(reason));
    if (found_.back().code == ReasonCode::kResources) Position();
  }

  // "2 CPUs", "4 nodes with 2 CPUs on each", "4 empty nodes with at least 2 CPUs".
  std::string Asked() const {
    const std::string each = Describe(request_.each);
    if (request_.plain()) return each;
    const std::string nodes = std::to_string(request_.nodes) +
                              (request_.exclusive ? " empty node" : " node") +
                              (request_.nodes == 1 ? "" : "s");
    return nodes + (request_.exclusive ? " with at least " : " with ") + each;
  }

  void NeverFits(const NodeGroups& g, Reason& reason) const {
    reason.code = ReasonCode::kNeverFits;
    if (request_.nodes == 1) {
      reason.text = "it can never run here: it asks for " + Describe(request_.each) +
                    " on one node, and none of " + CountNodes(g.too_small) + " has that much";
      reason.next_step = "end it with `bsub-lite cancel " + Id() +
                         "` and submit it again with less (-c, -m, --gpus), or add a larger node";
      return;
    }
    reason.text = "it can never run here: it asks for " + Asked() + ", and of " +
                  CountNodes(store_.state().nodes.size()) + " " + std::to_string(g.able()) +
                  (g.able() == 1 ? " has that much" : " have that much");
    reason.next_step = "end it with `bsub-lite cancel " + Id() +
                       "` and submit it again with fewer nodes (--nodes) or less on each, or add nodes";
  }

  void NeverStandSo(const PlacementRefusal& refusal, Reason& reason) const {
    reason.code = ReasonCode::kNeverFits;
    reason.text = "it can never run here: it asks for " + Asked() + "; " + refusal.message;
    reason.next_step =
        "end it with `bsub-lite cancel " + Id() +
        "` and submit it again with another --placement, other --features or fewer nodes" +
        (store_.tree().known() ? ""
                               : "; that all nodes are on one rack is only assumed: a cluster "
                                 "configuration (`bsub-lite up --config`) says where they are and what "
                                 "they have");
  }

  void DoNotStandSo(const PlacementRefusal& refusal, const NodeGroups& g, Reason& reason) const {
    reason.code = ReasonCode::kPlacement;
    reason.text = "it asks for " + Asked() + "; " + std::to_string(g.fit_now) +
                  (g.fit_now == 1 ? " has room, but " : " have room, but ") + refusal.message +
                  WhenItTakesAny() + KeptForThis();
    // What it prefers is waited for all the same: nodes may come.
    const bool idle_would_do = refusal.reason != RefusalReason::kPolicyImpossible;
    reason.next_step = (idle_would_do ? "it starts when enough of what runs there has ended"
                                      : "it waits for that in vain unless nodes are added; with another "
                                        "--placement, or a shorter @WAIT, it could start earlier") +
                       Instead(g);
  }

  // Whether it waits for nodes that take no work, though enough others would do, did they stand elsewhere.
  bool StandsNowhereWithout(const NodeGroups& g, Reason& reason) const {
    const auto lacking = LacksNodes(store_, request_);
    if (!lacking) return false;
    std::string names;
    bool drained = !lacking->nodes.empty();
    for (const NodeId id : lacking->nodes) {
      names += " " + NameOfNode(store_.state(), id);
      drained = drained && store_.state().nodes.at(id).drained;
    }
    reason.code = ReasonCode::kNodesUnavailable;
    reason.text = "it asks for " + Asked() + "; " + lacking->refusal.message +
                  ", and what ends does not change that: " + CountNodes(g.unavailable) +
                  " would do but cannot take work now" + WhenItTakesAny();
    reason.next_step = (drained ? "let nodes work again with `bsub-lite resume" + names + "`"
                                : "see since when with `bsub-lite nodes`" +
                                      (names.empty() ? "" : "; it could be placed with" + names)) +
                       Instead(g);
    return true;
  }

  std::string WhenItTakesAny() const {
    const PlacementSpec& asked = settings_.gang.placement;
    if (asked.mode != PlacementMode::kPreferred) return "";
    return "; from " + FormatUtc(WaitsSince(job_) + asked.wait) + " on it takes what there is";
  }

  // What the same job could be submitted as.
  std::string Instead(const NodeGroups& g) const {
    const KeptResources kept = KeptForThoseBefore();
    const TimePoint ends = LatestEnd(now_, settings_.walltime);
    const std::string instead = WouldFitNow(store_, request_, {g.with_room, kept, now_, ends});
    return instead.empty() ? "" : "; if it asked for less: " + instead;
  }

  void KeptForOthers(const NodeGroups& g, Reason& reason) const {
    const std::string holder = std::to_string(g.kept_for.value());
    reason.code = ReasonCode::kPosition;
    reason.text =
        "it asks for " + Asked() + "; " +
        (g.kept == 1
             ? "node " + g.kept_node + " would do but is kept free for job " + holder + ", which is before it"
             : CountNodes(g.kept) + " would do but are kept free for jobs that are before it");
    reason.next_step = "see when that starts with `bsub-lite when " + holder + "`" + Instead(g);
  }

  void Closes(const NodeGroups& g, Reason& reason) const {
    const bool begun = g.closure.from <= now_;
    reason.code = g.closure.reservation ? ReasonCode::kReservation : ReasonCode::kMaintenance;
    reason.text = "it asks for " + Asked() + "; " + CountNodes(g.closes) + " would do, but on node " +
                  g.closing_node + " " + sched::Describe(g.closure) + " is in the way: ";
    if (begun) {
      reason.text += "it has begun";
    } else if (settings_.walltime.count() == 0) {
      reason.text += "the job has no time limit (-t), so nobody knows that it would be over by then";
    } else {
      reason.text += "with its time limit of " + FormatDuration(settings_.walltime) +
                     " it could still run in " + FormatDuration(g.closure.from - now_);
    }
    reason.next_step =
        "it starts when that is over or other nodes come free; see when with `bsub-lite when " + Id() + "`" +
        (begun ? "" : "; a time limit that ends before would let it start now (-t)");
  }

  void Unavailable(const NodeGroups& g, Reason& reason) const {
    reason.code = ReasonCode::kNodesUnavailable;
    reason.text =
        "it asks for " + Asked() + "; " + CountNodes(g.unavailable) + " would do but cannot take work now";
    reason.next_step = (g.drained.empty() ? "see since when with `bsub-lite nodes`"
                                          : "let one work again with `bsub-lite resume " + g.drained + "`") +
                       Instead(g);
  }

  void Busy(const NodeGroups& g, Reason& reason) const {
    reason.code = ReasonCode::kResources;
    reason.text = "it asks for " + Asked() + "; ";
    if (request_.nodes > 1) {
      reason.text += std::to_string(request_.nodes - g.fit_now) +
                     (g.fit_now + 1 == request_.nodes ? " is missing: " : " are missing: ") +
                     std::to_string(g.fit_now) + " could take it now, ";
    }
    reason.text += CountNodes(g.fit_later) + " would do but " + (g.fit_later == 1 ? "is" : "are") +
                   " busy, " + std::to_string(g.too_small) + " too small, " + std::to_string(g.unavailable) +
                   " unavailable" + KeptForThis() + VictimsText();
    reason.next_step =
        "it starts when enough of what runs has ended; see that with `bsub-lite jobs --user "
        "all --state running`" +
        Instead(g);
  }

  // Whose attempts end early for it.
  std::string VictimsText() const {
    constexpr std::size_t kShown = 3;
    const std::vector<AttemptRef> victims = PreemptedFor(store_, job_.id);
    std::string text;
    for (std::size_t i = 0; i < std::min(victims.size(), kShown); ++i) {
      const Job& victim = store_.state().jobs.at(victims[i].task.job);
      text += (i == 0 ? "; job " : ", ") + DisplayId(victim, victims[i].task.ordinal);
    }
    if (victims.empty()) return "";
    return text + (victims.size() > kShown ? ", …" : "") + (victims.size() == 1 ? " is" : " are") +
           " preempted for it";
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
  const NodesRequest request_;
  mutable std::map<const WaitingClass*, bool> must_yield_;
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
