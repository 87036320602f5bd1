#include "sim/agent_model.h"

#include <algorithm>
#include <utility>

#include "sim/names.h"

namespace bsub::sim {
namespace {

worker::AttemptKey Key(const sched::AttemptRef& ref) { return {ref.task.job, ref.task.ordinal, ref.number}; }
sched::AttemptRef Ref(const worker::AttemptKey& key) { return {{key.job, key.ordinal}, key.number}; }

worker::TaskState ToWorker(const sched::NodeTask& t) {
  return {Key(t.attempt), t.started, t.pid, t.ended, t.end, t.usage};
}
sched::NodeTask ToScheduler(const worker::TaskState& t) {
  return {Ref(t.attempt), t.started, t.pid, t.ended, t.end, t.usage};
}

worker::NodeSettings Settings(const sched::NodeDescription& description) {
  worker::NodeSettings settings;
  settings.kill_on_lease_loss = description.on_lease_loss == sched::OnLeaseLoss::kKill;
  return settings;
}

}  // namespace

AgentModel::AgentModel(Model& model, AgentHost& host, sched::NodeDescription description)
    : model_(model), host_(host), description_(std::move(description)), core_(Settings(description_)) {}

void AgentModel::Feed(worker::InputBody body) {
  const worker::Outcome outcome = core_.Handle({model_.events.now(), std::move(body)});
  host_.WakeAgent(outcome.wake_at);
  for (const worker::Message& message : outcome.messages)
    std::visit([this](const auto& m) { Act(m); }, message);
}

void AgentModel::FromSpawnerArrived(const FromSpawner& message) {
  std::visit([this](const auto& m) { Hear(m); }, message);
}
void AgentModel::FromSchedulerArrived(const ToNode& message) {
  std::visit([this](const auto& m) { Hear(m); }, message);
}

void AgentModel::Hear(const SpawnerHello& m) {
  worker::SpawnerUp up{m.spawner_id, m.boot_id, {}};
  for (const sched::NodeTask& task : m.tasks) up.tasks.push_back(ToWorker(task));
  Feed(std::move(up));
}
void AgentModel::Hear(const sched::NodeTask& m) { Feed(worker::TaskReported{ToWorker(m)}); }
void AgentModel::Hear(const sched::AcceptNode& m) {
  Feed(worker::Accepted{m.incarnation, m.lease, kHeartbeat});
}
void AgentModel::Hear(const sched::RefuseNode& m) {
  Feed(worker::Refused{m.error.message, m.error.code == Code::kInvalidArgument, m.current});
}
void AgentModel::Hear(const sched::LaunchTask& m) {
  const std::string bytes = Name(m.attempt);
  launches_[bytes] = {m.attempt, m.allocated, m.gpu_indices};
  Feed(worker::LaunchOrder{m.incarnation, Key(m.attempt),
                           std::make_shared<worker::SignedLaunch>(worker::SignedLaunch{bytes, ""})});
}
void AgentModel::Hear(const sched::StopTask& m) {
  Feed(worker::StopOrder{m.incarnation, Key(m.attempt), m.grace, ""});
}
void AgentModel::Hear(const sched::NoticeTask& m) {
  if (m.only_save) return;  // the model's programs save when they end
  Feed(worker::NoticeOrder{m.incarnation, Key(m.attempt), m.remaining, std::string(sched::ToString(m.kind)),
                           m.withdrawn});
}
void AgentModel::Hear(const sched::AckEnded& m) {
  Feed(worker::EndAcknowledged{m.incarnation, Key(m.attempt)});
}
void AgentModel::Hear(const Heartbeat& m) { Feed(worker::HeartbeatCame{m.incarnation, m.count, m.answered}); }

void AgentModel::Act(const worker::SayHello& m) {
  sched::NodeHello hello{{}, description_, {}, m.last};
  hello.description.spawner_id = m.spawner_id;
  hello.description.boot_id = m.boot_id;
  for (const worker::TaskState& task : m.tasks) hello.tasks.push_back(ToScheduler(task));
  if (model_.Mutated(Mutation::kNodeOverbooks)) hello.description.total.cpu_milli *= 2;
  if (model_.Mutated(Mutation::kStaleHelloCounts)) hello.last.reset();
  const auto runs = std::find_if(hello.tasks.begin(), hello.tasks.end(),
                                 [](const sched::NodeTask& t) { return t.started && !t.ended; });
  if (model_.Mutated(Mutation::kHelloOmitsTask) && runs != hello.tasks.end()) hello.tasks.erase(runs);
  host_.ToScheduler(std::move(hello));
}
void AgentModel::Act(const worker::ReportTask& m) {
  host_.ToScheduler(NodeReport{m.incarnation, ToScheduler(m.task)});
}
void AgentModel::Act(const worker::AnswerHeartbeat& m) {
  host_.ToScheduler(HeartbeatAnswer{m.incarnation, m.count});
}
void AgentModel::Act(const worker::StartTask& m) {
  const auto launch = launches_.find(m.launch->launch);
  host_.OrderSpawner(launch->second);
  if (model_.Mutated(Mutation::kStartsTwice)) host_.OrderSpawner(launch->second);
}
void AgentModel::Act(const worker::StopTask& m) { host_.OrderSpawner(StopOrder{Ref(m.attempt), m.grace}); }
void AgentModel::Act(const worker::NoticeTask& m) {
  if (!m.withdrawn) host_.OrderSpawner(NoticeOrder{Ref(m.attempt)});  // who has heard it goes on with it
}
void AgentModel::Act(const worker::ForgetTask& m) {
  launches_.erase(Name(Ref(m.attempt)));
  host_.OrderSpawner(Forget{Ref(m.attempt)});
}
void AgentModel::Act(const worker::RenewLease& m) { host_.OrderSpawner(RenewLease{m.ends, m.kill_on_loss}); }
void AgentModel::Act(const worker::OpenStream&) { host_.OpenStream(); }
void AgentModel::Act(const worker::CloseStream&) { host_.CloseStream(); }
void AgentModel::Act(const worker::GiveUp& m) {
  throw Violation{description_.name + " gives up for good: " + m.reason};
}

}  // namespace bsub::sim
