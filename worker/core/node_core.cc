#include "worker/core/node_core.h"

#include <algorithm>
#include <set>

namespace bsub::worker {
namespace {

// Heartbeats whose answers are on their way. The scheduler gives a stream up long before there are so many.
constexpr std::size_t kMostOpenAnswers = 64;

}  // namespace

Outcome NodeCore::Handle(const Input& input) {
  now_ = input.at;
  out_ = {};
  std::visit([this](const auto& body) { On(body); }, input.body);
  if (link_ == Link::kAccepted) out_.wake_at = std::min(out_.wake_at, heard_at_ + SilenceLimit());
  if (link_ == Link::kGreeted) out_.wake_at = std::min(out_.wake_at, greeted_at_ + settings_.accept_patience);
  if (spawner_missed_at_.set())
    out_.wake_at = std::min(out_.wake_at, spawner_missed_at_ + settings_.spawner_patience);
  return std::move(out_);
}

std::vector<TaskState> NodeCore::Tasks() const {
  std::vector<TaskState> all;
  all.reserve(tasks_.size());
  for (const auto& [key, task] : tasks_) all.push_back(AsOfNow(task));
  return all;
}

std::optional<bool> NodeCore::IsOver(const AttemptKey& attempt) const {
  const auto it = tasks_.find(attempt);
  if (it == tasks_.end()) return std::nullopt;
  return it->second.state.ended;
}

// ---- the scheduler ----

void NodeCore::On(const StreamOpened&) {
  if (!spawner_up_) return DropStream("the node's spawner is not there");
  link_ = Link::kGreeted;
  greeted_at_ = now_;
  answers_.clear();
  Say(SayHello{spawner_id_, boot_id_, Tasks(), incarnation_});
  for (auto& [key, task] : tasks_) task.unreported = false;
}

void NodeCore::On(const StreamClosed&) {
  if (link_ == Link::kNone) return;  // we closed it
  link_ = Link::kNone;
  if (spawner_up_) WantStream();
}

void NodeCore::On(const Accepted& accepted) {
  if (link_ != Link::kGreeted) return;
  link_ = Link::kAccepted;
  incarnation_ = accepted.incarnation;
  lease_ = accepted.lease;
  heartbeat_ = accepted.heartbeat;
  heard_at_ = now_;
  lease_from_ = greeted_at_;
  RenewSpawnersLease();
  for (auto& [key, task] : tasks_) {
    if (task.unreported) Report(task);
  }
}

void NodeCore::On(const Refused& refused) {
  if (refused.final) {
    link_ = Link::kNone;
    return Say(GiveUp{refused.reason});
  }
  if (refused.current.valid()) incarnation_ = refused.current;
  DropStream("the scheduler refused: " + refused.reason);
  if (spawner_up_) WantStream();
}

void NodeCore::On(const LaunchOrder& order) {
  if (!Current(order.incarnation)) return;
  const auto [it, fresh] = tasks_.try_emplace(order.attempt);
  Task& task = it->second;
  if (!fresh) {  // repeated: the answer may have been lost
    if (task.state.started || task.state.ended) Report(task);
    return;
  }
  task.state.attempt = order.attempt;
  task.launch = order.launch;
  if (spawner_up_) Say(StartTask{order.attempt, order.launch});
}

void NodeCore::On(const StopOrder& order) {
  if (!Current(order.incarnation)) return;
  const auto it = tasks_.find(order.attempt);
  if (it == tasks_.end()) {
    TaskState gone;
    gone.attempt = order.attempt;
    gone.ended = true;
    gone.end = {EndKind::kNodeLost, 0, "", "the node has no such task"};
    return Say(ReportTask{incarnation_, gone});
  }
  Task& task = it->second;
  if (task.state.ended) return Report(task);
  task.stop = StopTask{order.attempt, order.grace, order.reason};
  if (spawner_up_) Say(*task.stop);
}

void NodeCore::On(const NoticeOrder& order) {
  if (!Current(order.incarnation)) return;
  const auto it = tasks_.find(order.attempt);
  if (it == tasks_.end() || it->second.state.ended) return;  // the scheduler hears of that anyway
  it->second.notice = NoticeTask{order.attempt, now_ + order.remaining, order.reason, order.withdrawn};
  if (spawner_up_) Say(*it->second.notice);
}

void NodeCore::On(const EndAcknowledged& ack) {
  if (!Current(ack.incarnation)) return;
  const auto it = tasks_.find(ack.attempt);
  if (it == tasks_.end() || !it->second.state.ended) return;
  tasks_.erase(it);
  // If the spawner is away now it will list the task again, and it will be acknowledged again.
  if (spawner_up_) Say(ForgetTask{ack.attempt});
}

void NodeCore::On(const HeartbeatCame& beat) {
  if (!Current(beat.incarnation)) return;
  if (now_ - heard_at_ > SilenceLimit()) {
    // It waited in a buffer while we were not running. The scheduler may have given our tasks away since.
    DropStream("the scheduler was silent for " + FormatDuration(now_ - heard_at_));
    return WantStream();
  }
  heard_at_ = now_;
  for (; !answers_.empty() && answers_.front().count <= beat.answered; answers_.pop_front())
    lease_from_ = answers_.front().at;
  RenewSpawnersLease();
  if (answers_.size() == kMostOpenAnswers) answers_.pop_front();
  answers_.push_back({beat.count, now_});
  Say(AnswerHeartbeat{incarnation_, beat.count});
}

// ---- the spawner ----

void NodeCore::On(const SpawnerUp& up) {
  const bool same = up.spawner_id == spawner_id_ && up.boot_id == boot_id_;
  const bool known_to_scheduler = link_ == Link::kGreeted || link_ == Link::kAccepted;
  spawner_up_ = true;
  spawner_missed_at_ = {};
  if (!same && known_to_scheduler) DropStream("the node's spawner was restarted");
  spawner_id_ = up.spawner_id;
  boot_id_ = up.boot_id;
  ReconcileWithSpawner(up, same);
  if (link_ == Link::kAccepted) RenewSpawnersLease();
  if (link_ == Link::kNone) WantStream();
}

void NodeCore::ReconcileWithSpawner(const SpawnerUp& up, bool same_spawner) {
  std::set<AttemptKey> listed;
  for (const TaskState& state : up.tasks) {
    listed.insert(state.attempt);
    Take(state);
  }
  for (auto it = tasks_.begin(); it != tasks_.end();) {
    Task& task = it->second;
    const bool here = listed.count(it->first) != 0;
    if (here) task.launch = nullptr;
    // An end we were told stays true even if the spawner's record of it is gone.
    const bool resend = !here && !task.state.ended && same_spawner && task.launch && link_ == Link::kAccepted;
    if (resend) Say(StartTask{it->first, task.launch});  // it broke off before this arrived
    if (!here && !task.state.ended && !resend) {
      it = tasks_.erase(it);
      continue;
    }
    if (task.notice && !task.state.ended) Say(*task.notice);
    if (task.stop && !task.state.ended) Say(*task.stop);  // once more does no harm: it keeps the first grace
    ++it;
  }
}

void NodeCore::On(const SpawnerDown&) {
  if (!spawner_up_) return;
  spawner_up_ = false;
  spawner_missed_at_ = now_;
}

void NodeCore::On(const TaskReported& reported) {
  if (spawner_up_) Take(reported.task);
}

void NodeCore::Take(const TaskState& reported) {
  Task& task = tasks_[reported.attempt];
  if (reported.ended || reported.started) task.launch = nullptr;
  if (task.state == reported || task.state.ended) return;
  const bool news =
      task.state.started != reported.started || reported.ended || task.state.saved != reported.saved;
  if (reported.ended) task.stop.reset(), task.notice.reset();
  task.state = reported;
  task.taken_at = now_;
  if (!news) return;
  task.unreported = true;
  if (link_ == Link::kAccepted) Report(task);
}

// ---- time ----

void NodeCore::On(const Tick&) {
  if (link_ == Link::kAccepted && now_ - heard_at_ >= SilenceLimit()) {
    DropStream("the scheduler was silent for " + FormatDuration(now_ - heard_at_));
    if (spawner_up_) WantStream();
  }
  if (link_ == Link::kGreeted && now_ - greeted_at_ >= settings_.accept_patience) {
    DropStream("the scheduler did not answer");
    if (spawner_up_) WantStream();
  }
  if (spawner_missed_at_.set() && now_ - spawner_missed_at_ >= settings_.spawner_patience) {
    spawner_missed_at_ = {};
    if (link_ != Link::kNone) DropStream("the node's spawner has been away for too long");
  }
}

// ---- helpers ----

void NodeCore::Report(Task& task) {
  task.unreported = false;
  Say(ReportTask{incarnation_, AsOfNow(task)});
}

// Ages of what was told when it was told.
TaskState NodeCore::AsOfNow(const Task& task) const {
  TaskState state = task.state;
  const Duration since = task.taken_at.set() ? now_ - task.taken_at : Duration(0);
  if (state.saved.age >= Duration(0)) state.saved.age += since;
  if (state.saved.told() && !state.ended) state.saved.unsaved += since;  // it works on
  return state;
}

void NodeCore::DropStream(const std::string& reason) {
  link_ = Link::kNone;
  Say(CloseStream{reason});
}

void NodeCore::WantStream() {
  link_ = Link::kWanted;
  Say(OpenStream{});
}

void NodeCore::RenewSpawnersLease() {
  if (spawner_up_) Say(RenewLease{lease_from_ + lease_, settings_.kill_on_lease_loss});
}

}  // namespace bsub::worker
