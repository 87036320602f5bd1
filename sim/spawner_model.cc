#include "sim/spawner_model.h"

#include <algorithm>
#include <utility>

#include "jobs/checkpoint_spec.h"
#include "sim/names.h"

namespace bsub::sim {

using sched::AttemptRef;

namespace {

// Of the spawner: the most it waits between TERM and KILL once the lease is lost (its --lease-grace).
constexpr Duration kLeaseGrace = std::chrono::seconds(30);

}  // namespace

void Machine::Later(Duration delay, std::function<void()> run) {
  model_.events.After(delay, [this, boot = boot_, f = std::move(run)] { RunOrWait(boot, f); });
}

void Machine::RunOrWait(std::uint64_t boot, const std::function<void()>& run) {
  if (boot != boot_) return;
  if (!frozen()) return run();
  model_.events.At(frozen_until_, [this, boot, run] { RunOrWait(boot, run); });
}

void SpawnerModel::Boot() {
  up_ = true;
  ++process_;
  lease_ends_ = kill_by_ = TimePoint();
  lease_lost_ = false;
  std::vector<AttemptRef> leftovers;
  for (const auto& [ref, task] : tasks_) {
    if (!task.status.ended) leftovers.push_back(ref);
  }
  for (const AttemptRef& ref : leftovers) {
    if (tasks_.at(ref).alive) Die(ref, {EndKind::kSignalled, 9, "", "left over"}, false);
    tasks_.erase(ref);
  }
}

void SpawnerModel::Crash() {
  up_ = false;
  agent_ = nullptr;
  // The witnesses of its tasks stand in for it when the lease ends.
  const TimePoint ends = lease_lost_ ? model_.events.now() : lease_ends_;
  kill_by_ = ends;
  if (ends.set()) {
    const Duration left = std::max(Duration(0), ends - model_.events.now());
    machine_.Later(left, [this, process = process_] {
      if (process == process_ && !up_) KillUnwatched();
    });
  }
}

void SpawnerModel::KillUnwatched() {
  if (model_.Mutated(Mutation::kLeaseIgnored)) return;
  for (const auto& [ref, task] : tasks_) {
    if (task.alive)
      Die(ref, {EndKind::kSignalled, 9, "", "its spawner was dead when the lease ended"}, false);
  }
}

void SpawnerModel::PowerLoss(bool keep_record) {
  Crash();
  for (auto it = tasks_.begin(); it != tasks_.end();) {
    if (it->second.alive)
      model_.truth.Ended(it->first, machine_.name(), {EndKind::kSignalled, 9, "", "power loss"}, false);
    if (it->second.status.ended && keep_record) {
      ++it;
      continue;
    }
    if (it->second.status.ended) model_.truth.Forgotten(it->first, machine_.name());
    it = tasks_.erase(it);
  }
}

void SpawnerModel::Connect(std::function<void(const FromSpawner&)> agent) {
  agent_ = std::move(agent);
  SpawnerHello hello{machine_.name() + "-spawner-" + std::to_string(process_),
                     machine_.name() + "-boot-" + std::to_string(machine_.boot()),
                     {}};
  for (const auto& [ref, task] : tasks_) hello.tasks.push_back(task.status);
  agent_(hello);
}

void SpawnerModel::Receive(const ToSpawner& message) {
  if (!up_) return;
  CheckLease();
  std::visit([this](const auto& m) { On(m); }, message);
}

void SpawnerModel::On(const StartTask& m) {
  const auto known = tasks_.find(m.attempt);
  if (known != tasks_.end()) {
    // Truth objects to the second start; a spawner that is right ignores it.
    if (model_.Mutated(Mutation::kStartsTwice) && known->second.status.started) Exec(m.attempt);
    return;
  }
  Task& task = tasks_[m.attempt];
  task.allocated = m.allocated;
  task.gpus = m.gpus;
  task.status.attempt = m.attempt;
  if (lease_lost_ || model_.Strikes(10)) {
    task.status.ended = true;
    task.status.end = {EndKind::kNeverStarted, 0, "",
                       lease_lost_ ? "the node lost its lease" : "no such program"};
    return Tell(m.attempt);
  }
  machine_.Later(model_.random.Between(Duration(100), std::chrono::milliseconds(50)),
                 [this, ref = m.attempt, process = process_] {
                   const auto it = tasks_.find(ref);
                   if (process != process_ || !up_ || it == tasks_.end() || it->second.status.ended) return;
                   Exec(ref);
                 });
}

void SpawnerModel::Exec(const AttemptRef& attempt) {
  Task& task = tasks_.at(attempt);
  model_.trace.Note(machine_.name() + ": " + Name(attempt) + " runs");
  ++model_.tally.starts;
  model_.truth.Started(attempt, {machine_.name(), task.allocated, task.gpus, total_,
                                 [this] { return !(machine_.frozen() && MustBeDead()); }});
  task.alive = true;
  task.life = next_life_++;
  task.started_at = model_.events.now();
  task.status.started = true;
  task.status.pid = static_cast<std::int64_t>(1000 + task.life);
  Tell(attempt);
  // Most are short; some outlive a lease.
  const Duration runs = model_.random.Chance(850)
                            ? model_.random.Spread(std::chrono::milliseconds(20), std::chrono::seconds(30))
                            : model_.random.Spread(std::chrono::seconds(30), std::chrono::minutes(10));
  const Duration limit = model_.witness.jobs().at(attempt.task.job).spec.settings->walltime;
  if (limit.count() > 0 && limit < runs) {
    return AfterIfAlive(attempt, limit, [this, attempt] {
      Die(attempt, {EndKind::kTimedOut, 15, "", "ran past its wall time"}, true);
    });
  }
  AfterIfAlive(attempt, runs, [this, attempt] { Die(attempt, DrawEnd(), true); });
}

End SpawnerModel::DrawEnd() {
  const std::uint64_t luck = model_.random.Below(100);
  if (luck < 75) return {EndKind::kExited, 0, "", ""};
  if (luck < 92) return {EndKind::kExited, static_cast<std::int32_t>(model_.random.Between(1, 4)), "", ""};
  if (luck < 97) return {EndKind::kSignalled, 11, "", ""};
  return luck < 99 ? End{EndKind::kOutOfMemory, 9, "", ""} : End{EndKind::kTimedOut, 15, "", ""};
}

void SpawnerModel::AfterIfAlive(const AttemptRef& attempt, Duration delay, std::function<void()> run) {
  machine_.Later(delay, [this, attempt, life = tasks_.at(attempt).life, f = std::move(run)] {
    const auto it = tasks_.find(attempt);
    if (it != tasks_.end() && it->second.alive && it->second.life == life) f();
  });
}

void SpawnerModel::Die(const AttemptRef& attempt, End end, bool remembered) {
  Task& task = tasks_.at(attempt);
  task.alive = false;
  // Then only the witness sees it, and does not know whose signal it was.
  if (!up_ && end.kind == EndKind::kSignalled && (end.code == 15 || end.code == 9)) remembered = false;
  model_.trace.Note(machine_.name() + ": " + Name(attempt) + " " + Describe(end) +
                    (remembered ? "" : ", unseen"));
  model_.truth.Ended(attempt, machine_.name(), end, remembered);
  if (!remembered) return;
  task.status.ended = true;
  task.status.end = std::move(end);
  if (model_.Mutated(Mutation::kUntruthfulEnd) && task.status.end.code == 1) task.status.end.code = 0;
  task.status.usage.elapsed_us = (model_.events.now() - task.started_at).count();
  Tell(attempt);
}

void SpawnerModel::On(const StopOrder& m) { Stop(m.attempt, m.grace); }

void SpawnerModel::Stop(const AttemptRef& attempt, Duration grace) {
  const auto it = tasks_.find(attempt);
  if (it == tasks_.end() || it->second.status.ended) return;
  it->second.status.stopped = true;
  if (!it->second.alive) {  // not started yet
    it->second.status.ended = true;
    it->second.status.end = {EndKind::kSignalled, 15, "", "stopped before it started"};
    model_.trace.Note(machine_.name() + ": " + Name(attempt) + " stopped before it started");
    model_.truth.NeverRan(attempt, machine_.name(), it->second.status.end);
    return Tell(attempt);
  }
  if (grace.count() <= 0) return Die(attempt, {EndKind::kSignalled, 9, "", ""}, true);
  const bool listens = model_.random.Chance(700);
  const Duration takes = listens ? model_.random.Between(Duration(1), grace) : grace;
  const End end = !listens                    ? End{EndKind::kSignalled, 9, "", ""}
                  : model_.random.Chance(200) ? End{EndKind::kExited, 0, "", ""}
                                              : End{EndKind::kSignalled, 15, "", ""};
  AfterIfAlive(attempt, takes, [this, attempt, end] { Die(attempt, end, true); });
}

// Only programs that save are told. Most save and say so; some do not catch the signal, some do not heed it.
void SpawnerModel::On(const NoticeOrder& m) {
  const auto it = tasks_.find(m.attempt);
  if (it == tasks_.end() || !it->second.alive || std::exchange(it->second.noticed, true)) return;
  const std::uint64_t luck = model_.random.Below(100);
  if (luck >= 80) return;
  if (luck >= 70) return Die(m.attempt, {EndKind::kSignalled, kNoticeSignal, "", ""}, true);
  AfterIfAlive(m.attempt, model_.random.Spread(std::chrono::milliseconds(10), std::chrono::minutes(1)),
               [this, attempt = m.attempt] {
                 Die(attempt, {EndKind::kExited, kSavedExitCode, "", ""}, true);
               });
}

void SpawnerModel::On(const Forget& m) {
  const auto it = tasks_.find(m.attempt);
  if (it == tasks_.end()) return;
  if (!it->second.status.ended)
    throw Violation{machine_.name() + " is told to forget " + Name(m.attempt) + ", which runs"};
  tasks_.erase(it);
}

void SpawnerModel::On(const RenewLease& m) {
  const bool over = m.kill_on_loss && m.ends <= model_.events.now();
  if (over && lease_lost_) return;
  lease_lost_ = false;
  lease_ends_ = m.kill_on_loss ? m.ends : TimePoint();
  kill_by_ = m.kill_on_loss ? lease_ends_ + kLeaseGrace : TimePoint();
  if (over) return LoseLease();
  if (m.kill_on_loss) ArmLease();
}

bool SpawnerModel::MustBeDead() const { return kill_by_.set() && model_.events.now() >= kill_by_; }

void SpawnerModel::ArmLease() {
  machine_.Later(lease_ends_ - model_.events.now(), [this, ends = lease_ends_, process = process_] {
    if (process == process_ && up_ && lease_ends_ == ends) LoseLease();
  });
}

void SpawnerModel::LoseLease() {
  lease_ends_ = TimePoint();
  lease_lost_ = true;
  if (model_.Mutated(Mutation::kLeaseIgnored)) return;
  ++model_.tally.lease_kills;
  model_.trace.Note(machine_.name() + ": the lease is lost");
  // A machine that slept through its lease has less grace to give, or none.
  const Duration grace = std::max(Duration(0), kill_by_ - model_.events.now());
  std::vector<AttemptRef> all;
  for (const auto& [ref, task] : tasks_) all.push_back(ref);
  for (const AttemptRef& ref : all) Stop(ref, grace);
}

void SpawnerModel::Woke() {
  CheckLease();
  if (!up_ && MustBeDead()) KillUnwatched();
}

void SpawnerModel::CheckLease() {
  if (up_ && lease_ends_.set() && model_.events.now() >= lease_ends_) LoseLease();
}

void SpawnerModel::Tell(const AttemptRef& attempt) {
  if (up_ && agent_) agent_(tasks_.at(attempt).status);
}

std::size_t SpawnerModel::running() const {
  return static_cast<std::size_t>(
      std::count_if(tasks_.begin(), tasks_.end(), [](const auto& entry) { return entry.second.alive; }));
}

}  // namespace bsub::sim
