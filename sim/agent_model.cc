#include "sim/agent_model.h"

#include <utility>

#include "sim/names.h"

namespace bsub::sim {

void AgentModel::FromSpawnerArrived(const FromSpawner& message) {
  std::visit([this](const auto& m) { On(m); }, message);
}

void AgentModel::FromSchedulerArrived(const ToNode& message) {
  if (!stream_open_) return;
  std::visit([this](const auto& m) { On(m); }, message);
}

void AgentModel::On(const SpawnerHello& m) {
  description_.spawner_id = m.spawner_id;
  description_.boot_id = m.boot_id;
  tasks_.clear();
  for (const sched::NodeTask& task : m.tasks) tasks_[task.attempt].task = task;
  have_spawner_ = true;
  host_.OpenStream();
}

void AgentModel::SpawnerGone() {
  have_spawner_ = false;
  if (stream_open_) host_.CloseStream();
  stream_open_ = false;
}

void AgentModel::StreamOpened() {
  stream_open_ = true;
  incarnation_ = Incarnation();
  sched::NodeHello hello{{}, description_, {}};
  if (model_.Mutated(Mutation::kNodeOverbooks)) hello.description.total.cpu_milli *= 2;
  bool omitted = !model_.Mutated(Mutation::kHelloOmitsTask);
  for (auto& [ref, entry] : tasks_) {
    entry.told_started = entry.task.started;
    entry.told_ended = entry.task.ended;
    if (!omitted && entry.task.started && !entry.task.ended) {
      omitted = true;
      continue;
    }
    hello.tasks.push_back(entry.task);
  }
  host_.ToScheduler(hello);
}

void AgentModel::StreamGone() {
  stream_open_ = false;
  if (have_spawner_) host_.OpenStream();
}

void AgentModel::On(const sched::AcceptNode& m) {
  node_ = m.node;
  incarnation_ = m.incarnation;
  host_.OrderSpawner(RenewLease{m.lease, description_.on_lease_loss == sched::OnLeaseLoss::kKill});
  // What happened while the Hello was under way.
  for (auto& [ref, entry] : tasks_) Report(entry.task);
}

void AgentModel::On(const sched::RefuseNode&) {
  host_.CloseStream();
  StreamGone();
}

void AgentModel::On(const Heartbeat& m) {
  host_.OrderSpawner(RenewLease{m.lease, description_.on_lease_loss == sched::OnLeaseLoss::kKill});
}

void AgentModel::On(const sched::LaunchTask& m) {
  if (m.incarnation != incarnation_) return;
  const auto [it, fresh] = tasks_.try_emplace(m.attempt);
  if (!fresh && !model_.Mutated(Mutation::kStartsTwice)) return;
  if (fresh) it->second.task.attempt = m.attempt;
  host_.OrderSpawner(StartTask{m.attempt, m.allocated, m.gpu_indices});
}

void AgentModel::On(const sched::StopTask& m) {
  if (m.incarnation == incarnation_ && tasks_.count(m.attempt))
    host_.OrderSpawner(StopOrder{m.attempt, m.grace});
}

void AgentModel::On(const sched::AckEnded& m) {
  if (m.incarnation != incarnation_) return;
  tasks_.erase(m.attempt);
  host_.OrderSpawner(Forget{m.attempt});
}

void AgentModel::On(const sched::NodeTask& m) {
  const auto it = tasks_.find(m.attempt);
  if (it == tasks_.end()) return;
  it->second.task = m;
  Report(m);
}

void AgentModel::Report(const sched::NodeTask& task) {
  if (!stream_open_ || !incarnation_.valid()) return;
  Entry& entry = tasks_.at(task.attempt);
  if (task.started && !std::exchange(entry.told_started, true))
    host_.ToScheduler(sched::TaskStarted{node_, incarnation_, task.attempt, task.pid});
  if (task.ended && !std::exchange(entry.told_ended, true))
    host_.ToScheduler(sched::TaskEnded{node_, incarnation_, task.attempt, task.end, task.usage});
}

}  // namespace bsub::sim
