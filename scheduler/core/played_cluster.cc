#include "scheduler/core/played_cluster.h"

#include <algorithm>
#include <utility>

#include "scheduler/core/scheduler.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

// No forecast goes farther: nothing that is known of a cluster today says who starts when in a year.
constexpr Duration kFarthest = std::chrono::hours(24 * 365);
constexpr std::uint32_t kPlacementsPerCycle = 1000;  // they start before the next cycle
constexpr std::uint32_t kStepsPerLook = 16;          // whether it is to stop

// SplitMix64's output function (Vigna, public domain): well mixed, and the same with every compiler.
std::uint64_t Mix(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// use(ordinal, task) for each task of the job that has an attempt.
template <typename Use>
void ForEachLive(const Job& job, Use use) {
  if (!job.array) {
    if (job.task.attempt) use(0U, job.task);
    return;
  }
  for (const auto& [ordinal, row] : job.array->rows) {
    if (row.attempt) use(ordinal, row);
  }
}

}  // namespace

PlayedCluster::PlayedCluster(const Settings& settings, State state, const std::set<NodeId>& connected,
                             Experience experience, std::uint64_t seed, TimePoint now)
    : experience_(std::move(experience)),
      seed_(seed),
      now_(std::max(now, state.last_at)),
      scheduler_(RestoreWhole(settings, std::move(state))) {
  Handle(Started{});
  for (const auto& [id, job] : scheduler_->state().jobs)
    ForEachLive(
        job, [&, &live = job](std::uint32_t ordinal, const Task& task) { AddRunning(live, task, ordinal); });
  Learn();
  for (const NodeId id : connected) {
    const auto node = scheduler_->state().nodes.find(id);
    if (node != scheduler_->state().nodes.end()) Connect(Node(node->second));
  }
  if (experience_.arrivals.empty()) return;
  next_arrival_ = Mix(seed_) % experience_.arrivals.size();
  arrives_at_ = now_ + experience_.arrivals[next_arrival_].gap;
}

PlayedCluster::~PlayedCluster() = default;

void PlayedCluster::Handle(InputBody body) {
  if (steps_left_ > 0) --steps_left_;
  const bool look = stopped_ && steps_left_ > 0 && steps_left_ % kStepsPerLook == 0;
  if (look && stopped_()) steps_left_ = 0;
  Outcome outcome = scheduler_->Handle({now_, std::move(body)});
  wake_at_ = outcome.wake_at;
  cycle_wanted_ |= outcome.cycle_wanted;
  for (Message& message : outcome.messages) {
    if (auto* launch = std::get_if<LaunchTask>(&message)) {
      launches_.push_back(std::move(*launch));
    } else if (auto* stop = std::get_if<StopTask>(&message)) {
      stops_.push_back(std::move(*stop));
    } else if (const auto* accepted = std::get_if<AcceptNode>(&message)) {
      incarnations_[accepted->node] = accepted->incarnation;
    }
  }
}

void PlayedCluster::Connect(const Node& node) {
  NodeHello hello;
  hello.stream = StreamId(node.id.value());
  hello.description = node.description;
  for (const AttemptRef& attempt : scheduler_->AttemptsOn(node.id)) {
    NodeTask task;
    task.attempt = attempt;
    task.started = true;
    task.pid = 1;
    hello.tasks.push_back(std::move(task));
  }
  Handle(std::move(hello));
}

void PlayedCluster::AddRunning(const Job& job, const Task& task, std::uint32_t ordinal) {
  const Attempt& attempt = *task.attempt;
  const AttemptRef ref{{job.id, ordinal}, attempt.number};
  ForEachPlace(attempt, [&](NodeId node, auto&&...) { places_[ref].push_back(node); });
  const JobSettings& settings = *job.spec.settings;
  const TimePoint began = attempt.started_at.set() ? attempt.started_at : now_;
  TimePoint end = EndOf(settings, ref.task, began);
  if (end < TimePoint::Max()) running_now_.push_back({job.spec.settings, end - began});
  if (attempt.stop != StopReason::kNone) end = attempt.stop_at + settings.stop_grace;
  if (end < TimePoint::Max()) ends_.push({std::max(end, now_), ref});
}

// What runs now is missing among the run times that are known, and the longer it takes the more so: its draws
// count for what starts later.
void PlayedCluster::Learn() {
  RunTimes& run_times = experience_.run_times;
  for (const RunningNow& running : running_now_)
    run_times.Add(running.settings->owner.uid, running.settings->walltime, running.time);
  running_now_.clear();
}

// Tasks of one user are often of one kind, and all take long or all fail: in every other play each user's
// have the same draw.
TimePoint PlayedCluster::EndOf(const JobSettings& settings, const TaskRef& task, TimePoint began) const {
  const bool alike = seed_ % 2 == 0;
  const std::uint64_t random =
      alike ? Mix(seed_ ^ Mix(settings.owner.uid)) : Mix(seed_ ^ Mix(task.job.value() ^ Mix(task.ordinal)));
  const auto time = experience_.run_times.Draw(settings.owner.uid, settings.walltime, now_ - began, random);
  return time ? began + *time : TimePoint::Max();
}

void PlayedCluster::Launch(const LaunchTask& launch) {
  target_started_ |= target_ == launch.attempt.task;
  std::vector<NodeId>& places = places_[launch.attempt];
  places.push_back(launch.node);
  if (places.size() == 1) {
    const TimePoint end = EndOf(*launch.settings, launch.attempt.task, now_);
    if (end < TimePoint::Max()) ends_.push({end, launch.attempt});
  }
  Handle(TaskStarted{launch.node, launch.incarnation, launch.attempt, 1});
}

void PlayedCluster::EndOn(NodeId node, const AttemptRef& attempt, EndKind kind) {
  const auto incarnation = incarnations_.find(node);
  if (incarnation == incarnations_.end()) return;  // out of contact: nobody hears of it
  Handle(TaskEnded{node, incarnation->second, attempt, {kind, 0, "", ""}, {}});
}

void PlayedCluster::EndAttempt(const AttemptRef& attempt) {
  const auto places = places_.find(attempt);
  if (places == places_.end()) return;  // it was stopped before
  for (const NodeId node : std::exchange(places->second, {})) EndOn(node, attempt, EndKind::kExited);
  places_.erase(attempt);
}

void PlayedCluster::SubmitNext() {
  const RecentSubmits::Arrival& arrival = experience_.arrivals[next_arrival_];
  JobSpec spec;
  spec.settings = arrival.settings;
  spec.array = arrival.array;
  spec.command.bytes.front() = 1;  // any
  Principal who = arrival.settings->owner;
  Handle(Submit{.reply = {}, .who = std::move(who), .spec = std::move(spec)});
  next_arrival_ = (next_arrival_ + 1) % experience_.arrivals.size();
  arrives_at_ = arrives_at_ + experience_.arrivals[next_arrival_].gap;
}

void PlayedCluster::Settle() {
  while (!target_started_ && steps_left_ > 0) {
    if (!launches_.empty()) {
      for (const LaunchTask& launch : std::exchange(launches_, {})) Launch(launch);
    } else if (!stops_.empty()) {
      for (const StopTask& stop : std::exchange(stops_, {}))
        EndOn(stop.node, stop.attempt, EndKind::kSignalled);
    } else if (cycle_wanted_) {
      cycle_wanted_ = false;
      Handle(RunCycle{kPlacementsPerCycle});
    } else {
      return;
    }
  }
}

std::optional<TimePoint> PlayedCluster::PlayUntilStart(TaskRef target, std::uint32_t& steps,
                                                       std::function<bool()> stopped) {
  steps_left_ = steps;
  stopped_ = std::move(stopped);
  target_ = target;
  const TimePoint until = now_ + kFarthest;
  Settle();
  while (!target_started_ && steps_left_ > 0) {
    const TimePoint end = ends_.empty() ? TimePoint::Max() : ends_.top().at;
    const TimePoint next = std::min({end, arrives_at_, std::max(wake_at_, now_ + Duration(1))});
    if (next > until) break;
    now_ = next;
    for (; !ends_.empty() && ends_.top().at <= now_; ends_.pop()) EndAttempt(AttemptRef(ends_.top().attempt));
    while (arrives_at_ <= now_ && steps_left_ > 0) SubmitNext();
    if (wake_at_ <= now_) Handle(Tick{});
    Settle();
  }
  steps = steps_left_;
  return target_started_ ? std::optional(now_) : std::nullopt;
}

}  // namespace bsub::sched
