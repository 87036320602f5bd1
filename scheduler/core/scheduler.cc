#include "scheduler/core/scheduler.h"

#include <algorithm>

#include "common/check.h"
#include "scheduler/core/explainer.h"
#include "scheduler/core/invariants.h"
#include "scheduler/core/start_study.h"
#include "scheduler/core/state_hash.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {

void Turn::ApplyNewest() {
  JournalEntry& entry = outcome_.entries.back();
  entry.sequence = Sequence(state().last_sequence.value() + 1);
  entry.at = at;
  const Status applied = store.Apply(entry);
  BSUB_CHECK(applied.has_value()) << KindName(entry.body) << ": " << applied.error().message;
}

void Turn::Answer(ReplyTo to, Result<ReplyBody> body) {
  if (to.valid()) Send(Reply{to, std::move(body)});
}

class Scheduler::Impl {
 public:
  explicit Impl(Settings s) : settings(std::move(s)) { TellStore(); }
  Impl(Settings s, State state, std::size_t expected_jobs)
      : settings(std::move(s)), store(std::move(state), expected_jobs) {
    TellStore();
  }
  void TellStore() { store.SetTopology(settings.topology, settings.placement); }

  Settings settings;
  Store store;
  Links links;
};

Scheduler::Scheduler(Settings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
Scheduler::Scheduler(Settings settings, State state, std::size_t expected_jobs)
    : impl_(std::make_unique<Impl>(std::move(settings), std::move(state), expected_jobs)) {}
Scheduler::~Scheduler() = default;

void Scheduler::Restore(std::vector<SavedJob> jobs) { impl_->store.Restore(std::move(jobs)); }
void Scheduler::EndRestore() { impl_->store.EndRestore(); }

Outcome Scheduler::Handle(const Input& input) {
  Outcome outcome;
  Handle(input, outcome);
  return outcome;
}

void Scheduler::Handle(const Input& input, Outcome& outcome) {
  BSUB_CHECK(input.at >= state().last_at) << "time went back: " << input.at.micros();
  outcome.entries.clear();
  outcome.messages.clear();
  outcome.wake_at = TimePoint::Max();
  outcome.cycle_wanted = false;
  Turn turn(impl_->settings, impl_->store, impl_->links, input, outcome);
  if (impl_->store.AdvanceCalendar(input.at)) turn.WantCycle();
  std::visit([&turn](const auto& body) { Decide(turn, body); }, input.body);
  outcome.wake_at = std::min(outcome.wake_at, NextWake(turn));
}

Status Scheduler::Apply(const JournalEntry& entry) { return impl_->store.Apply(entry); }
const State& Scheduler::state() const { return impl_->store.state(); }
std::uint64_t Scheduler::state_hash() const { return impl_->store.hash(); }
std::uint64_t Scheduler::RecomputeStateHash() const { return HashOf(state()); }

QueueUsage Scheduler::UsageOf(std::string_view queue) const {
  const TaskCounts counts = impl_->store.CountsOfQueue(queue);
  return {counts.waiting, counts.starting, counts.running};
}

NodeUsage Scheduler::UsageOf(NodeId node) const {
  NodeUsage usage;
  if (const NodeCapacity::Use* use = impl_->store.capacity().Find(node)) {
    usage.used = use->used;
    usage.tasks = static_cast<std::uint32_t>(use->attempts.size());
  }
  usage.connected = impl_->store.IsConnected(node);
  if (const auto it = impl_->links.lease_ends.find(node); it != impl_->links.lease_ends.end())
    usage.lease_ends = it->second;
  return usage;
}

std::vector<AttemptRef> Scheduler::AttemptsOn(NodeId node) const {
  const NodeCapacity::Use* use = impl_->store.capacity().Find(node);
  if (!use) return {};
  return {use->attempts.begin(), use->attempts.end()};
}

std::vector<NameKey> Scheduler::JobsOfOwner(std::uint32_t uid, const NameKey& after, std::size_t most) const {
  std::vector<NameKey> keys;
  for (const auto& [name, job] : impl_->store.JobsOfOwner(uid, after.name, after.job, most))
    keys.push_back({std::string(name), job});
  return keys;
}

Result<Explanation> Scheduler::Explain(const TaskSelector& target, TimePoint now) const {
  return bsub::sched::Explain(impl_->store, target, now);
}

Result<Forecast> Scheduler::ForecastOf(const TaskSelector& target, TimePoint now,
                                       std::uint32_t max_steps) const {
  Result<Forecast> forecast = MakeForecast(impl_->store, target, now, {max_steps, impl_->settings.keep});
  if (forecast && forecast->in_line) {
    forecast->study = std::make_shared<StartStudy>(impl_->settings, impl_->store, state().jobs.at(target.job),
                                                   forecast->ordinal, now);
  }
  return forecast;
}

std::optional<TimePoint> Scheduler::ReservedStart(JobId id) const {
  const Store& store = impl_->store;
  const Job* job = state().FindJob(id);
  if (!job || !job->waiting_class) return std::nullopt;
  if (const PlannedJob* planned = store.FindPlanned(*job)) return planned->start;
  const std::vector<NodeId> nodes =
      store.reservations().NodesOf(job->waiting_class->queue, job->waiting_class->key);
  if (nodes.empty()) return std::nullopt;
  const Reservation& reservation = store.reservations().all().at(nodes.front());
  if (!HolderOf(store, reservation) || !IsKeptFor(reservation, *job->waiting_class, id)) return std::nullopt;
  const TimePoint from = store.reservations().kept().at(nodes.front()).from;
  return from.set() ? std::optional(from) : std::nullopt;
}

Result<Trial> Scheduler::TrySubmit(const Principal& who, JobSpec spec, TimePoint now,
                                   std::uint32_t max_steps) const {
  return bsub::sched::TrySubmit(impl_->settings, impl_->store, who, std::move(spec), now, max_steps);
}

ShortReasons Scheduler::MakeShortReasons() const { return ShortReasons(impl_->store); }

Status Scheduler::CheckInvariants() const { return bsub::sched::CheckInvariants(impl_->store); }

std::unique_ptr<Scheduler> RestoreWhole(const Settings& settings, State state) {
  std::vector<SavedJob> jobs;
  for (auto& [id, job] : state.jobs) jobs.emplace_back(std::move(job));
  state.jobs.clear();
  auto scheduler = std::make_unique<Scheduler>(settings, std::move(state), jobs.size());
  scheduler->Restore(std::move(jobs));
  scheduler->EndRestore();
  return scheduler;
}

}  // namespace bsub::sched
