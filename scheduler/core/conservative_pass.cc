#include "scheduler/core/conservative_pass.h"

#include <algorithm>
#include <set>
#include <utility>

#include "scheduler/core/cycle.h"
#include "scheduler/core/place_task.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

// Of a plan that the next cycle is to look at whatever comes free.
constexpr std::uint64_t kNothingGrown = UINT64_MAX;

// The members of a class as they are served: those that are overdue, the longest wait first, then the others.
class MembersInOrder {
 public:
  MembersInOrder(const Queue& queue, const WaitingClass& waiting, TimePoint now)
      : queue_(&queue),
        waiting_(&waiting),
        now_(now),
        longest_(waiting.by_wait.begin()),
        member_(waiting.members.begin()) {}

  std::optional<WaitingMember> Next() {
    if (longest_ != waiting_->by_wait.end() && IsOverdue(*queue_, longest_->since, now_)) {
      const LongWait& wait = *longest_++;
      return WaitingMember{true, wait.job, wait.of};
    }
    while (member_ != waiting_->members.end()) {
      const WaitingMember& member = *member_++;
      if (waiting_->by_wait.empty() || !IsOverdue(*queue_, member.since, now_)) return member;
    }
    return std::nullopt;
  }

 private:
  const Queue* queue_;
  const WaitingClass* waiting_;
  TimePoint now_;
  std::set<LongWait>::const_iterator longest_;
  std::set<WaitingMember>::const_iterator member_;
};

// For a heap with what is served first on top.
struct NextInClass {
  ServedKey key;
  const Job* job = nullptr;
  MembersInOrder behind;
  friend bool operator<(const NextInClass& a, const NextInClass& b) { return b.key < a.key; }
};

// Whom a gang's choice of nodes is asked for: those that have room for their part at one moment.
std::vector<NodeCandidate> CandidatesAt(const std::vector<std::pair<TimePoint, NodeId>>& fits, TimePoint at,
                                        const NodesRequest& request, const NodeCapacity& capacity) {
  std::vector<NodeCandidate> candidates;
  for (const auto& [from, node] : fits) {
    if (from <= at) candidates.push_back({node, request.TakenOf(capacity.Find(node)->total), false});
  }
  return candidates;
}

}  // namespace

const PlannedJob* QueuePlan::Find(JobId job) const {
  const auto it = std::lower_bound(jobs.begin(), jobs.end(), job,
                                   [](const PlannedJob& planned, JobId id) { return planned.job < id; });
  return it == jobs.end() || it->job != job ? nullptr : &*it;
}

ConservativePass::ConservativePass(Turn& turn, const Queue& queue, Reservations& kept, std::uint32_t& choices)
    : turn_(turn), queue_(queue), kept_(kept), choices_(choices) {}

std::uint32_t ConservativePass::Run(std::uint32_t budget) {
  const QueuePlan before = turn_.store.TakePlan(queue_.name);
  TakeLines();
  if (lines_.empty()) return 0;
  MakeTimelines();
  // Without time limits promises rest on guesses, and each cycle makes them anew.
  const std::size_t carried = guesses_ ? before.jobs.size() : CarryOver(before);
  grown_ = turn_.store.capacity().grown();
  // Room came free, by an end or by a promise that nobody needs any more, or a preference is given up.
  if (before.grown != grown_ || carried < before.jobs.size() || relaxed_) Compress(before.grown);
  PlanNew();
  const std::uint32_t placed = StartThoseDue(budget);
  MakeRoomForThose();
  SavePlan();
  KeepPromises();
  if (put_off_ && !guesses_) turn_.WantCycle();  // which finds the promises that this one made
  return placed;
}

// Those that may start as far as they and the limits are concerned, as many as are planned for: the first of
// each class, and behind each that is taken the next of its class.
void ConservativePass::TakeLines() {
  const WaitingTable::Classes* classes = turn_.store.waiting().ClassesOf(queue_.name);
  if (!classes) return;
  std::vector<NextInClass> next;
  const auto push = [&](MembersInOrder members) {
    const std::optional<WaitingMember> member = members.Next();
    if (!member) return;
    next.push_back({ServedKeyOf(turn_.store, queue_, *member->of, *member, turn_.at), member->of, members});
    std::push_heap(next.begin(), next.end());
  };
  for (const auto& [key, waiting] : *classes) {
    const Job& first = *waiting.members.begin()->of;
    if (MayStart(first) && !AwaitsReservation(turn_.store, *first.spec.settings, turn_.at))
      push(MembersInOrder(queue_, waiting, turn_.at));
  }
  while (!next.empty() && lines_.size() < turn_.settings.max_planned_jobs) {
    std::pop_heap(next.begin(), next.end());
    const NextInClass taken = next.back();
    next.pop_back();
    lines_.push_back({taken.key, taken.job, RequestNow(*taken.job, turn_.at), {}});
    NoteWhatItPrefers(lines_.back());
    push(taken.behind);
  }
}

// As far as limits and what is kept for other shares go.
bool ConservativePass::MayStart(const Job& job) const {
  return !HitsLimit(turn_.store, queue_, *job.spec.settings) &&
         !LeavesTooLittle(turn_.store, queue_, job, turn_.at);
}

// What is required until then may be had sooner without it.
void ConservativePass::NoteWhatItPrefers(const Line& line) {
  const PlacementSpec& prefers = line.job->spec.settings->gang.placement;
  if (prefers.mode != PlacementMode::kPreferred) return;
  const TimePoint ends = WaitsSince(*line.job) + prefers.wait;
  if (ends <= turn_.at) {
    relaxed_ = true;
  } else {
    turn_.links.preference_ends = std::min(turn_.links.preference_ends, ends);
  }
}

void ConservativePass::MakeTimelines() {
  for (const auto& [id, use] : turn_.store.capacity().nodes()) AddTimeline(timelines_, id, use, "");
  // What queues before this one keep is taken when they expect to need it.
  for (const auto& [id, share] : kept_.kept()) {
    const auto it = timelines_.find(id);
    if (it == timelines_.end()) continue;
    const auto take = [&, &timeline = it->second](const KeptShare& of) {
      timeline.Take(of.from.set() ? of.from : turn_.at, TimePoint::Max(), of.taken);
    };
    take(share);
    for (const KeptShare& behind : share.also) take(behind);
  }
}

// Those of an advance reservation have its nodes until it ends, in timelines of their own: nobody else is
// there.
ConservativePass::Timelines& ConservativePass::TimelinesOf(const NodesRequest& request) {
  if (request.reservation.empty()) return timelines_;
  const auto [it, fresh] = reserved_.try_emplace(request.reservation);
  if (!fresh) return it->second;
  const AdvanceReservation& reservation = turn_.state().reservations.at(request.reservation);
  for (const NodeId id : reservation.nodes) {
    const NodeCapacity::Use* use = turn_.store.capacity().Find(id);
    Timeline* timeline = use ? AddTimeline(it->second, id, *use, request.reservation) : nullptr;
    if (timeline) timeline->Take(reservation.to, TimePoint::Max(), use->total);
  }
  return it->second;
}

// A node that is out of contact or rests for a while keeps its promises; new ones are for when it is back.
Timeline* ConservativePass::AddTimeline(Timelines& timelines, NodeId node, const NodeCapacity::Use& use,
                                        std::string_view reservation) {
  const TimePoint back = use.usable ? TimePoint() : BackBy(turn_, node);
  if (!use.usable && !back.set()) return nullptr;
  Timeline& timeline = timelines.try_emplace(node, turn_.at, use.Free()).first->second;
  AddRunning(timeline, use);
  CloseFor(timeline, node, use, reservation);
  if (back > turn_.at) timeline.Take(turn_.at, back, use.total);
  return &timeline;
}

void ConservativePass::CloseFor(Timeline& timeline, NodeId node, const NodeCapacity::Use& use,
                                std::string_view reservation) const {
  for (const Closure& closure : turn_.store.calendar().Of(node)) {
    const bool own = closure.reservation && closure.name == reservation;
    if (!own) timeline.Take(closure.from, closure.to, use.total);
  }
}

void ConservativePass::AddRunning(Timeline& timeline, const NodeCapacity::Use& use) {
  for (const auto* tasks : {&use.tasks.limited(), &use.tasks.endless()}) {
    for (const LiveTask& task : *tasks) {
      guesses_ = guesses_ || !task.ends.set();
      timeline.Give(ExpectedEnd(task, turn_.at, turn_.settings.keep.shortest_guess), TimePoint::Max(),
                    task.allocated);
    }
  }
}

std::size_t ConservativePass::CarryOver(const QueuePlan& before) {
  std::size_t carried = 0;
  for (Line& line : lines_) {
    const PlannedJob* planned = before.Find(line.key.job);
    const Timelines& timelines = TimelinesOf(line.request);
    const auto usable = [&timelines](NodeId node) { return timelines.count(node) != 0; };
    if (!planned || !line.request.Takes(planned->nodes.size()) ||
        !std::all_of(planned->nodes.begin(), planned->nodes.end(), usable)) {
      continue;
    }
    const TimePoint start = std::max(planned->start, turn_.at);
    // It is due, and would now reach into what closes a node.
    if (start == turn_.at && !IsOpen(planned->nodes, line, start)) continue;
    Promise(line, {planned->job, start, planned->nodes});
    ++carried;
  }
  return carried;
}

bool ConservativePass::IsOpen(const std::vector<NodeId>& nodes, const Line& line, TimePoint from) const {
  const Calendar& calendar = turn_.store.calendar();
  const TimePoint ends = LatestEnd(from, LengthOf(line));
  return calendar.empty() || std::all_of(nodes.begin(), nodes.end(), [&](NodeId node) {
           return calendar.IsOpen(node, from, ends, line.request.reservation);
         });
}

void ConservativePass::Compress(std::uint64_t grown_before) {
  for (Line& line : lines_) {
    if (line.planned.nodes.empty() || line.planned.start <= turn_.at) continue;
    PlannedJob before = line.planned;
    Withdraw(line);
    Plan(line, turn_.at);
    // Its nodes are away for now, and what is planned without them would be later.
    const bool later = !line.planned.nodes.empty() && line.planned.start > before.start;
    if (later && IsOpen(before.nodes, line, before.start)) Withdraw(line);
    if (!line.planned.nodes.empty()) continue;
    Promise(line, std::move(before));
    if (put_off_) grown_ = grown_before;  // it was not looked for: the next cycle does
  }
}

void ConservativePass::PlanNew() {
  for (Line& line : lines_) {
    if (line.planned.nodes.empty()) Plan(line, turn_.at);
  }
}

void ConservativePass::Plan(Line& line, TimePoint from) {
  std::optional<PlannedJob> planned =
      line.request.plain() ? PlanOnOne(line, from) : PlanOnSeveral(line, from);
  if (planned) Promise(line, std::move(*planned));
}

std::optional<PlannedJob> ConservativePass::PlanOnOne(const Line& line, TimePoint from) {
  TimePoint best = TimePoint::Max();
  NodeId where;
  for (const auto& [node, timeline] : TimelinesOf(line.request)) {
    const TimePoint fits = timeline.EarliestFit(line.request.each, LengthOf(line), from);
    if (fits >= best) continue;
    best = fits;
    where = node;
    if (best <= from) break;
  }
  if (best == TimePoint::Max()) return std::nullopt;
  return PlannedJob{line.key.job, best, {where}};
}

// The first moment at which enough nodes have room for as long, and stand as is asked for.
std::optional<PlannedJob> ConservativePass::PlanOnSeveral(const Line& line, TimePoint from) {
  const NodeCapacity& capacity = turn_.store.capacity();
  const NodesRequest& request = line.request;
  for (TimePoint at = from; at != TimePoint::Max();) {
    std::vector<std::pair<TimePoint, NodeId>> fits;
    for (const auto& [node, timeline] : TimelinesOf(line.request)) {
      const Resources& total = capacity.Find(node)->total;
      if (!request.each.Fits(total)) continue;
      const TimePoint t = timeline.EarliestFit(request.TakenOf(total), LengthOf(line), at);
      if (t != TimePoint::Max()) fits.emplace_back(t, node);
    }
    if (fits.size() < request.nodes) return std::nullopt;
    std::sort(fits.begin(), fits.end());
    if (fits[request.nodes - 1].first <= at) {
      if (choices_ == 0) {
        put_off_ = true;
        return std::nullopt;
      }
      const ClusterView view = turn_.store.ViewFor(request);
      const ChosenNodes chosen = ChooseNodes(view, request, CandidatesAt(fits, at, request, capacity));
      choices_ -= std::min(choices_, chosen.tries);
      if (!chosen.nodes.empty()) return PlannedJob{line.key.job, at, chosen.nodes};
    }
    const auto later = std::find_if(fits.begin() + request.nodes - 1, fits.end(),
                                    [at](const auto& fit) { return fit.first > at; });
    at = later == fits.end() ? TimePoint::Max() : later->first;
  }
  return std::nullopt;
}

void ConservativePass::Promise(Line& line, PlannedJob planned) {
  line.planned = std::move(planned);
  for (const NodeId node : line.planned.nodes) {
    const Resources& taken = line.request.TakenOf(turn_.store.capacity().Find(node)->total);
    TimelinesOf(line.request)
        .at(node)
        .Take(line.planned.start, LatestEnd(line.planned.start, LengthOf(line)), taken);
  }
}

void ConservativePass::Withdraw(Line& line) {
  for (const NodeId node : line.planned.nodes) {
    const Resources& taken = line.request.TakenOf(turn_.store.capacity().Find(node)->total);
    TimelinesOf(line.request)
        .at(node)
        .Give(line.planned.start, LatestEnd(line.planned.start, LengthOf(line)), taken);
  }
  line.planned.nodes.clear();
}

std::uint32_t ConservativePass::StartThoseDue(std::uint32_t budget) {
  std::uint32_t placed = 0;
  for (Line& line : lines_) {
    // An array may have more children that are due.
    while (placed < budget && !line.planned.nodes.empty() && line.planned.start <= turn_.at &&
           StartsNow(line)) {
      placed += static_cast<std::uint32_t>(line.planned.nodes.size());
      line.planned.nodes.clear();  // its share of the timelines stays: now it runs
      if (line.job->waiting_class) Plan(line, turn_.at);
    }
    if (line.planned.nodes.empty() || line.planned.start > turn_.at || MayStart(*line.job)) continue;
    // What has just started is all that may: those behind it can have the room.
    Withdraw(line);
    grown_ = kNothingGrown;
    turn_.WantCycle();
  }
  return std::min(placed, budget);
}

// Promised starts are those without it.
void ConservativePass::MakeRoomForThose() {
  if (queue_.preempts.empty()) return;
  for (const Line& line : lines_) {
    const bool waits =
        line.job->waiting_class && (line.planned.nodes.empty() || line.planned.start > turn_.at);
    if (waits && MayStart(*line.job)) MakeRoom(turn_, queue_, kept_, *line.job, line.request);
  }
}

bool ConservativePass::StartsNow(Line& line) {
  if (!MayStart(*line.job)) return false;
  const NodeCapacity& capacity = turn_.store.capacity();
  std::vector<NodeCandidate> candidates;
  for (const NodeId node : line.planned.nodes) {
    const NodeCapacity::Use& use = *capacity.Find(node);
    // It is not back yet; or something is over its time limit and not off the node.
    if (!use.usable || !capacity.FitsNow(line.request, use)) return false;
    candidates.push_back({node, use.Free(), use.attempts.empty()});
  }
  const ChosenNodes chosen = ChooseNodes(turn_.store.ViewFor(line.request), line.request, candidates);
  if (chosen.nodes.empty()) return false;
  PlaceTask(turn_, *line.job, NextTask(*line.job), chosen);
  return true;
}

void ConservativePass::SavePlan() {
  QueuePlan plan;
  plan.grown = grown_;
  TimePoint& wake = turn_.links.next_planned_start;
  for (Line& line : lines_) {
    if (line.planned.nodes.empty()) continue;
    if (line.planned.start > turn_.at) wake = std::min(wake, line.planned.start);
    plan.jobs.push_back(line.planned);
  }
  std::sort(plan.jobs.begin(), plan.jobs.end(),
            [](const PlannedJob& a, const PlannedJob& b) { return a.job < b.job; });
  turn_.store.SetPlan(queue_.name, std::move(plan));
}

// Queues that are served later take what is free until the first promise of a node, or what no promise needs.
void ConservativePass::KeepPromises() {
  std::map<NodeId, const Line*> first;
  for (const Line& line : lines_) {
    if (!line.job->waiting_class) continue;
    for (const NodeId node : line.planned.nodes) {
      const Line*& known = first[node];
      if (!known || line.planned.start < known->planned.start) known = &line;
    }
  }
  for (const auto& [node, line] : first) {
    const TimePoint start = line->planned.start;
    const KeptShare share{turn_.store.capacity().Find(node)->total, start,
                          TimelinesOf(line->request).at(node).LeastFrom(start)};
    if (kept_.all().count(node) != 0) {
      kept_.AddBehind(node, share);
    } else {
      kept_.Add(node, share, {queue_.name, line->job->waiting_class->key, start});
    }
  }
}

}  // namespace bsub::sched
