#include "tests/support/scheduler_env.h"

#include <gmock/gmock.h>

#include <utility>

#include "common/check.h"
#include "tests/support/journal_text.h"
#include "tests/support/state_copy.h"

namespace bsub::testing {
namespace {

constexpr TimePoint kStart(1'767'225'600'000'000);  // 2026-01-01T00:00:00Z
constexpr sched::ReplyTo kAskedBy(1);
constexpr int kMostTicksAtOnce = 10'000;  // more without time passing is a busy loop

}  // namespace

sched::Settings Env::DefaultSettings() {
  sched::Settings settings;
  settings.authority.cluster_uid = Ops().uid;
  return settings;
}

Env::Env(sched::Settings settings) : settings_(std::move(settings)), now_(kStart) {
  scheduler_ = std::make_unique<sched::Scheduler>(settings_);
  shadow_ = std::make_unique<sched::Scheduler>(settings_);
  Handle(sched::Started{"00000000-0000-4000-8000-000000000001"});
}

sched::Outcome Env::Handle(sched::InputBody body) {
  const std::size_t kind = body.index();
  sched::Outcome outcome = scheduler_->Handle({now_, std::move(body), now_ + wall_ahead_});
  for (const sched::JournalEntry& entry : outcome.entries) {
    journal_.push_back(entry);
    log_.push_back(ToText(entry));
    const Status applied = shadow_->Apply(entry);
    EXPECT_TRUE(applied) << ToText(entry) << "\n" << applied.error().message;
  }
  if (checks_) Check("input of kind " + std::to_string(kind));
  wake_at_ = outcome.wake_at;
  cycle_wanted_ |= outcome.cycle_wanted;
  for (const sched::Message& message : outcome.messages) {
    log_.push_back(ToText(message));
    Deliver(message);
  }
  return outcome;
}

void Env::Check(std::string_view after) {
  for (const sched::Scheduler* s : {scheduler_.get(), shadow_.get()}) {
    const Status ok = s->CheckInvariants();
    EXPECT_TRUE(ok) << (s == shadow_.get() ? "replica, " : "") << "after " << after << ": "
                    << (ok ? "" : ok.error().message) << "\n"
                    << JournalText(journal_.size() > 10 ? journal_.size() - 10 : 0);
  }
  EXPECT_EQ(scheduler_->state_hash(), shadow_->state_hash())
      << "the journal tells another story after " << after;
}

void Env::Deliver(const sched::Message& message) {
  const auto to_node = [&](NodeId id, const auto& m) {
    FakeNode* node = FindNode(id);
    if (node && !lose_messages_) node->Receive(m);
  };
  if (const auto* reply = std::get_if<sched::Reply>(&message)) {
    replies_.push_back(*reply);
  } else if (const auto* launch = std::get_if<sched::LaunchTask>(&message)) {
    launches_.push_back(*launch);
    to_node(launch->node, *launch);
  } else if (const auto* stop = std::get_if<sched::StopTask>(&message)) {
    stops_.push_back(*stop);
    to_node(stop->node, *stop);
  } else if (const auto* notice = std::get_if<sched::NoticeTask>(&message)) {
    notices_.push_back(*notice);
  } else if (const auto* ack = std::get_if<sched::AckEnded>(&message)) {
    to_node(ack->node, *ack);
  } else if (const auto* accept = std::get_if<sched::AcceptNode>(&message)) {
    for (FakeNode& node : nodes_) {
      if (node.stream != accept->stream) continue;
      node.id = accept->node;
      node.incarnation = accept->incarnation;
      node.connected = true;
    }
  } else if (const auto* refuse = std::get_if<sched::RefuseNode>(&message)) {
    refusals_.push_back(refuse->error);
  }
}

// --- time

void Env::Advance(Duration by) {
  const TimePoint target = now_ + by;
  int at_once = 0;
  while (wake_at_ <= target) {
    at_once = wake_at_ <= now_ ? at_once + 1 : 0;
    if (at_once > kMostTicksAtOnce) {
      ADD_FAILURE() << "asks for a Tick again and again at " << FormatUtc(now_);
      break;
    }
    now_ = std::max(now_, wake_at_);
    Tick();
  }
  now_ = target;
}

// --- nodes

void Env::AddNodes(int count, const Resources& each) {
  for (int i = 0; i < count; ++i) AddNode(FakeNode("n" + std::to_string(nodes_.size() + 1), each));
}

FakeNode& Env::AddNode(FakeNode fake) {
  nodes_.push_back(std::move(fake));
  Connect(nodes_.back().description.name);
  return nodes_.back();
}

// The newest of that name: tests may make two machines that claim one.
FakeNode& Env::node(std::string_view name) {
  for (auto it = nodes_.rbegin(); it != nodes_.rend(); ++it) {
    if (it->description.name == name) return *it;
  }
  BSUB_CHECK(false) << "no fake node " << name;
  return nodes_.front();
}

FakeNode* Env::FindNode(NodeId id) {
  for (FakeNode& fake : nodes_) {
    if (fake.connected && fake.id == id) return &fake;
  }
  return nullptr;
}

void Env::Connect(std::string_view name) {
  FakeNode& fake = node(name);
  fake.connected = false;
  fake.stream = sched::StreamId(next_stream_++);
  Handle(fake.Hello(fake.stream));
}

void Env::Disconnect(std::string_view name) {
  FakeNode& fake = node(name);
  fake.connected = false;
  Handle(sched::NodeStreamClosed{fake.stream, "connection reset"});
}

Status Env::SetNode(sched::NodeAction action, std::string name, Principal who, std::string reason,
                    std::optional<Duration> deadline) {
  Handle(sched::SetNode{kAskedBy, std::move(who), action, std::move(name), std::move(reason), deadline});
  return DoneReply();
}

// --- jobs

Status Env::DoneReply() {
  BSUB_CHECK(replies_.size() == 1) << replies_.size() << " replies to one question";
  const sched::Reply reply = std::move(replies_.back());
  replies_.clear();
  if (!reply.body) return Error(reply.body.error());
  return OkStatus();
}

Result<sched::SubmitAccepted> Env::TrySubmit(const Job& job) {
  Handle(sched::Submit{kAskedBy, job.who(), job.spec()});
  BSUB_CHECK(replies_.size() == 1) << replies_.size() << " replies to one submit";
  const sched::Reply reply = std::move(replies_.back());
  replies_.clear();
  if (!reply.body) return Error(reply.body.error());
  return std::get<sched::SubmitAccepted>(*reply.body);
}

JobId Env::Submit(const Job& job) {
  const Result<sched::SubmitAccepted> accepted = TrySubmit(job);
  BSUB_CHECK(accepted.has_value()) << accepted.error().message;
  return accepted->job;
}

Status Env::Control(sched::ControlAction action, const TaskName& task, Principal who, std::string reason,
                    std::int32_t priority) {
  Handle(sched::Control{kAskedBy, std::move(who), action, {task.target()}, std::move(reason), priority});
  BSUB_CHECK(replies_.size() == 1) << replies_.size() << " replies to one control";
  const sched::Reply reply = std::move(replies_.back());
  replies_.clear();
  if (!reply.body) return Error(reply.body.error());
  return std::get<sched::ControlResults>(*reply.body).results.at(0);
}

Status Env::Cancel(const TaskName& task, Principal who, std::string reason) {
  return Control(sched::ControlAction::kCancel, task, std::move(who), std::move(reason));
}
Status Env::Hold(const TaskName& task, Principal who) {
  return Control(sched::ControlAction::kHold, task, std::move(who));
}
Status Env::Release(const TaskName& task, Principal who) {
  return Control(sched::ControlAction::kRelease, task, std::move(who));
}
Status Env::Requeue(const TaskName& task, Principal who) {
  return Control(sched::ControlAction::kRequeue, task, std::move(who));
}
Status Env::SetPriority(const TaskName& task, std::int32_t priority, Principal who) {
  return Control(sched::ControlAction::kSetPriority, task, std::move(who), "", priority);
}
Status Env::SetQueue(sched::Queue queue, Principal who) {
  Handle(sched::SetQueue{kAskedBy, std::move(who), std::move(queue), false, false});
  return DoneReply();
}
Status Env::Reserve(sched::CreateReservation reservation) {
  reservation.reply = kAskedBy;
  if (reservation.who.name.empty()) reservation.who = Ops();
  Handle(std::move(reservation));
  return DoneReply();
}

Status Env::DeleteReservation(std::string name, Principal who) {
  Handle(sched::DeleteReservation{kAskedBy, std::move(who), std::move(name)});
  return DoneReply();
}

Status Env::DeleteQueue(std::string name, Principal who) {
  Handle(sched::DeleteQueue{kAskedBy, std::move(who), std::move(name)});
  return DoneReply();
}

// --- scheduling

void Env::Cycle(std::uint32_t max_placements) {
  cycle_wanted_ = false;
  Handle(sched::RunCycle{max_placements});
}

sched::TaskRef Env::Ref(const TaskName& task) const {
  const JobTarget& target = task.target();
  const sched::Job& found = job(JobId(target.job));
  if (!target.index) return {found.id, 0};
  const auto ordinal = found.spec.array->OrdinalOf(*target.index);
  BSUB_CHECK(ordinal.has_value()) << "no child " << ToString(target);
  return {found.id, *ordinal};
}

FakeNode& Env::NodeOf(const sched::TaskRef& ref, std::string_view name, sched::AttemptRef& attempt) {
  const sched::Task* row = sched::FindTask(job(ref.job), ref.ordinal);
  BSUB_CHECK(row && row->attempt) << "task " << ref.job.value() << "." << ref.ordinal
                                  << " has no live attempt";
  attempt = {ref, row->attempt->number};
  for (FakeNode& fake : nodes_) {
    const bool wanted = name.empty() ? fake.id == row->attempt->node : fake.description.name == name;
    if (wanted && fake.tasks.count(attempt) != 0) return fake;
  }
  BSUB_CHECK(false) << "no node holds task " << ref.job.value() << "." << ref.ordinal;
  return nodes_.front();
}

void Env::Start(const TaskName& task, std::string_view node) {
  sched::AttemptRef attempt;
  FakeNode& fake = NodeOf(Ref(task), node, attempt);
  fake.tasks.at(attempt).started = true;
  if (fake.connected) Handle(sched::TaskStarted{fake.id, fake.incarnation, attempt, 4242});
}

void Env::Finish(const TaskName& task, const End& end, std::string_view node, const SavedWork& saved) {
  sched::AttemptRef attempt;
  FakeNode& fake = NodeOf(Ref(task), node, attempt);
  if (!fake.tasks.at(attempt).started && end.kind != EndKind::kNeverStarted) Start(task, node);
  fake.tasks.at(attempt).ended = true;
  fake.tasks.at(attempt).end = end;
  if (!fake.connected) return;
  Handle(sched::TaskEnded{fake.id, fake.incarnation, attempt, end, {}, false, saved});
  EXPECT_EQ(fake.tasks.count(attempt), 0u) << "an end that arrived must be acknowledged";
}

void Env::RefuseStart(const TaskName& task, std::string_view node, std::string reason) {
  sched::AttemptRef attempt;
  FakeNode& fake = NodeOf(Ref(task), node, attempt);
  const End end{EndKind::kNeverStarted, 0, "", std::move(reason)};
  Handle(sched::TaskEnded{fake.id, fake.incarnation, attempt, end, {}, true});
}

void Env::RunAll(const End& end) {
  while (true) {
    Cycle();
    const std::vector<std::string> launched = TakeLaunchedTasks();
    if (launched.empty()) return;
    for (const std::string& task : launched) Finish(task, end);
  }
}

// --- what came out

std::vector<sched::LaunchTask> Env::TakeLaunches() { return std::exchange(launches_, {}); }
std::vector<sched::StopTask> Env::TakeStops() { return std::exchange(stops_, {}); }
std::vector<sched::NoticeTask> Env::TakeNotices() { return std::exchange(notices_, {}); }
std::vector<Error> Env::TakeRefusals() { return std::exchange(refusals_, {}); }

std::vector<JobId> Env::TakeLaunched() {
  std::vector<JobId> jobs;
  for (const sched::LaunchTask& launch : TakeLaunches()) jobs.push_back(launch.attempt.task.job);
  return jobs;
}

std::vector<std::string> Env::TakeLaunchedTasks() {
  std::vector<std::string> tasks;
  for (const sched::LaunchTask& launch : TakeLaunches()) {
    tasks.push_back(ToString(JobTarget{launch.attempt.task.job.value(), launch.array_index}));
  }
  return tasks;
}

void Env::ExpectNothingElse() {
  EXPECT_TRUE(launches_.empty()) << "not expected: " << ToText(sched::Message(launches_.front()));
  EXPECT_TRUE(stops_.empty()) << "not expected: " << ToText(sched::Message(stops_.front()));
  EXPECT_TRUE(notices_.empty()) << "not expected: " << ToText(sched::Message(notices_.front()));
  EXPECT_TRUE(refusals_.empty()) << "not expected: " << refusals_.front().message;
  launches_.clear();
  stops_.clear();
  notices_.clear();
  refusals_.clear();
}

// --- looking

const sched::Job& Env::job(JobId id) const {
  const sched::Job* found = state().FindJob(id);
  BSUB_CHECK(found != nullptr) << "no job " << id.value();
  return *found;
}

JobState Env::StateOf(const TaskName& task) const {
  const sched::Job& found = job(JobId(task.target().job));
  return task.target().index ? sched::StateOf(found, Ref(task).ordinal) : sched::StateOf(found);
}

const sched::Task& Env::TaskOf(const TaskName& task) const {
  const sched::TaskRef ref = Ref(task);
  const sched::Task* row = sched::FindTask(job(ref.job), ref.ordinal);
  BSUB_CHECK(row != nullptr) << "no row";
  return *row;
}

std::string Env::LastEnd(JobId id) const {
  const sched::Task& task = job(id).task;
  return task.last_end ? Describe(task.last_end->end) : "";
}

sched::Explanation Env::Explanation(const TaskName& task) const {
  const JobId id(task.target().job);
  sched::TaskSelector selector{id, std::nullopt};
  if (task.target().index) selector.ordinal = Ref(task).ordinal;
  Result<sched::Explanation> result = scheduler_->Explain(selector, now_);
  BSUB_CHECK(result.has_value()) << result.error().message;
  return *std::move(result);
}

std::vector<sched::ReasonCode> Env::Why(const TaskName& task) const {
  std::vector<sched::ReasonCode> codes;
  for (const sched::Reason& reason : Explanation(task).reasons) codes.push_back(reason.code);
  return codes;
}

std::string Env::Explain(const TaskName& task) const { return ToText(Explanation(task)); }

// --- the journal

std::string Env::JournalText(std::size_t from) const {
  std::string text;
  for (std::size_t i = from; i < journal_.size(); ++i) text += ToText(journal_[i]) + "\n";
  return text;
}

std::vector<std::string> Env::TakeLog() { return std::exchange(log_, {}); }

void Env::StartAgain(std::unique_ptr<sched::Scheduler> next) {
  EXPECT_EQ(next->state_hash(), scheduler_->state_hash()) << "the scheduler came back as somebody else";
  scheduler_ = std::move(next);
  for (FakeNode& fake : nodes_) fake.connected = false;
  Handle(sched::Started{});
}

void Env::Restart() {
  auto next = std::make_unique<sched::Scheduler>(settings_);
  for (const sched::JournalEntry& entry : journal_) {
    const Status applied = next->Apply(entry);
    BSUB_CHECK(applied.has_value()) << ToText(entry) << ": " << applied.error().message;
  }
  StartAgain(std::move(next));
}

void Env::Configure(std::shared_ptr<const sched::Topology> topology) {
  settings_.topology = std::move(topology);
  Restart();
}

void Env::RestartFromState() { StartAgain(sched::RestoreWhole(settings_, CopyDurable(state()))); }

}  // namespace bsub::testing
