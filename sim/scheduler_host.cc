#include "sim/scheduler_host.h"

#include <algorithm>
#include <utility>

#include "sim/clone_state.h"
#include "sim/names.h"

namespace bsub::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kSlowestRestart = std::chrono::minutes(3);
constexpr Duration kClockError = std::chrono::minutes(5);

std::string Describe(const sched::InputBody& body) {
  static constexpr const char* kNames[] = {"Started",
                                           "Submit",
                                           "Control",
                                           "SetQueue",
                                           "DeleteQueue",
                                           "RegisterDefinition",
                                           "DeregisterDefinition",
                                           "SetNode",
                                           "NodeHello",
                                           "NodeStreamClosed",
                                           "NodeNoticed",
                                           "TaskStarted",
                                           "TaskEnded",
                                           "Tick",
                                           "RunCycle",
                                           "RecordStateHash",
                                           "MaintenanceSet",
                                           "CreateReservation",
                                           "DeleteReservation"};
  static_assert(std::variant_size_v<sched::InputBody> == std::size(kNames));
  std::string text = kNames[body.index()];
  if (const auto* hello = std::get_if<sched::NodeHello>(&body))
    text += " " + hello->description.name + " with " + std::to_string(hello->tasks.size()) + " tasks";
  if (const auto* started = std::get_if<sched::TaskStarted>(&body)) text += " " + Name(started->attempt);
  if (const auto* ended = std::get_if<sched::TaskEnded>(&body))
    text += " " + Name(ended->attempt) + " " + bsub::Describe(ended->end);
  return text;
}

}  // namespace

SchedulerHost::SchedulerHost(Model& model, sched::Settings settings)
    : model_(model), settings_(std::move(settings)), journal_(model) {}

void SchedulerHost::Later(Duration delay, std::function<void()> run) {
  model_.events.After(delay, [this, process = process_, f = std::move(run)] {
    if (up() && process == process_) f();
  });
}

// The wall clock at the process's start may be wrong, but never goes behind what the journal has seen.
TimePoint SchedulerHost::Clock() const { return clock_at_start_ + (model_.events.now() - started_); }

void SchedulerHost::Boot() {
  ++process_;
  std::unique_ptr<sched::Scheduler> recovered = Recover();
  started_ = model_.events.now();
  const TimePoint wall = started_ + model_.random.Between(-kClockError, kClockError);
  clock_at_start_ = std::max(wall, recovered->state().last_at);
  scheduler_ = std::move(recovered);
  model_.trace.Note("scheduler: process " + std::to_string(process_) + " starts at entry " +
                    std::to_string(journal_.last()) + " (" + std::to_string(journal_.durable()) +
                    " known durable)");
  Check("after recovery");
  Handle(sched::Started{.cluster_uuid_if_new = "00000000-0000-4000-8000-000000000001"});
  Later(kHeartbeat, [this] { SendHeartbeats(); });
}

void SchedulerHost::Crash(const std::string& where, bool power_loss) {
  if (!up()) return;
  ++model_.tally.scheduler_crashes;
  model_.trace.Note("scheduler: crash, " + where + (power_loss ? ", power loss" : ""));
  scheduler_.reset();
  journal_.Crash(power_loss);
  pending_.clear();
  answers_.clear();
  by_node_.clear();
  syncing_ = cycle_planned_ = false;
  for (const auto& [id, stream] : std::exchange(streams_, {})) stream->CloseFromScheduler();
  const Duration down = model_.faults ? model_.random.Spread(milliseconds(10), kSlowestRestart) : Duration(1);
  model_.events.After(down, [this] {
    if (!up()) Boot();
  });
}

bool SchedulerHost::CrashesHere(const std::string& where) {
  if (!model_.Strikes(model_.weather.crash_point_permille)) return false;
  Crash(where, model_.random.Chance(500));
  return true;
}

void SchedulerHost::Handle(sched::InputBody body) {
  ++steps_;
  const std::string what = Describe(body);
  model_.trace.Note("core: " + what);
  sched::Outcome outcome = scheduler_->Handle({Clock(), std::move(body)});
  for (const sched::JournalEntry& entry : outcome.entries)
    model_.trace.Note("  " + std::to_string(entry.sequence.value()) + " " + DescribeEntry(entry.body));
  Check("after " + what);
  if (CrashesHere("before the append")) return;
  const bool fails = !outcome.entries.empty() && model_.Strikes(model_.weather.append_fails_permille);
  const bool had_entries = !outcome.entries.empty();
  journal_.Append(std::move(outcome.entries), scheduler_->state_hash());
  if (fails) {
    ++model_.tally.failed_appends;
    return Crash("the append failed", true);
  }
  if (CrashesHere("after the append")) return;
  const bool unsafe = model_.Mutated(Mutation::kAnswerBeforeSync) ||
                      (model_.Mutated(Mutation::kRepeatBeforeSync) && !had_entries);
  if (unsafe) {
    for (const sched::Message& message : outcome.messages) Deliver(message);
  } else {
    pending_.push_back({journal_.last(), std::move(outcome.messages)});
  }
  Plan(outcome);
  StartSync();
  Release();
}

void SchedulerHost::Check(const std::string& what) {
  if (steps_ % model_.settings.check_every == 0) {
    const Status ok = scheduler_->CheckInvariants();
    if (!ok) throw Violation{what + ": " + ok.error().message};
  }
  if (model_.witness.sequence() == scheduler_->state().last_sequence.value()) {
    const std::string difference = model_.witness.CompareWith(scheduler_->state());
    if (!difference.empty()) throw Violation{what + ": state and entries disagree: " + difference};
  }
}

void SchedulerHost::Plan(const sched::Outcome& outcome) {
  if (outcome.cycle_wanted && !cycle_planned_) {
    cycle_planned_ = true;
    Later(model_.random.Between(Duration(1), milliseconds(20)), [this] {
      cycle_planned_ = false;
      const std::uint32_t most =
          model_.random.Chance(300) ? static_cast<std::uint32_t>(model_.random.Between(1, 4)) : 1000;
      Handle(sched::RunCycle{most});
    });
  }
  ++wake_serial_;
  if (outcome.wake_at == TimePoint::Max()) return;
  const Duration wait = std::max(Duration(1), outcome.wake_at - Clock());
  Later(wait, [this, serial = wake_serial_] {
    if (serial == wake_serial_) Handle(sched::Tick{});
  });
}

void SchedulerHost::StartSync() {
  if (syncing_ || journal_.last() == journal_.durable()) return;
  syncing_ = true;
  Later(model_.random.Spread(Duration(50), model_.weather.slowest_sync),
        [this, target = journal_.last()] { SyncDone(target); });
}

void SchedulerHost::SyncDone(std::uint64_t target) {
  syncing_ = false;
  journal_.Synced(target);
  MaybeSnapshot();
  if (CrashesHere("after the sync")) return;
  const std::uint64_t process = process_;
  Release();
  if (up() && process == process_) StartSync();
}

void SchedulerHost::Release() {
  while (up() && !pending_.empty() && pending_.front().needs <= journal_.durable()) {
    const Pending batch = std::move(pending_.front());
    pending_.pop_front();
    for (const sched::Message& message : batch.messages) {
      if (CrashesHere("between two messages")) return;
      Deliver(message);
    }
  }
}

void SchedulerHost::Deliver(const sched::Message& message) {
  std::visit(
      [this](const auto& m) {
        using M = std::decay_t<decltype(m)>;
        if constexpr (std::is_same_v<M, sched::Reply> || std::is_same_v<M, sched::AcceptNode> ||
                      std::is_same_v<M, sched::RefuseNode>) {
          On(m);
        } else {
          ToNodeStream(m);
        }
      },
      message);
}

void SchedulerHost::On(const sched::Reply& m) {
  const auto it = answers_.find(m.to);
  if (it == answers_.end()) throw Violation{"an answer to nobody, or a second one"};
  const auto answer = std::move(it->second);
  answers_.erase(it);
  answer(m.body);
}

void SchedulerHost::On(const sched::AcceptNode& m) {
  const auto it = streams_.find(m.stream);
  if (it == streams_.end()) return;  // it broke in the meantime
  const StreamPtr stream = it->second;
  stream->node_id = m.node;
  stream->incarnation = m.incarnation;
  const auto [current, fresh] = by_node_.emplace(m.node, m.stream);
  if (!fresh && current->second != m.stream) {
    const auto old = streams_.find(current->second);
    current->second = m.stream;
    if (old != streams_.end()) {
      old->second->CloseFromScheduler();
      streams_.erase(old);
    }
  }
  stream->Send(ToNode(m));
}

void SchedulerHost::On(const sched::RefuseNode& m) {
  ++model_.tally.refused_hellos;
  const auto it = streams_.find(m.stream);
  if (it != streams_.end()) it->second->Send(ToNode(m));
}

template <typename T>
void SchedulerHost::ToNodeStream(const T& m) {
  const auto it = by_node_.find(m.node);
  if (it == by_node_.end()) return;
  const StreamPtr& stream = streams_.at(it->second);
  if (stream->incarnation == m.incarnation) stream->Send(ToNode(m));
}

void SchedulerHost::SendHeartbeats() {
  ++beats_;
  for (const auto& [node, id] : by_node_) {
    const StreamPtr& stream = streams_.at(id);
    stream->Send(ToNode(Heartbeat{stream->incarnation, beats_, stream->answered}));
  }
  Later(kHeartbeat, [this] { SendHeartbeats(); });
}

void SchedulerHost::Arrived(const Call& call) {
  if (!up()) return;
  const sched::ReplyTo reply(next_reply_++);
  answers_[reply] = call.answer;
  sched::InputBody body = call.body;
  std::visit(
      [reply](auto& input) {
        if constexpr (requires { input.reply = reply; }) input.reply = reply;
      },
      body);
  Handle(std::move(body));
}

StreamPtr SchedulerHost::Accept(NodeEnd& node) {
  return up() ? Stream::Make(model_, node, *this, process_) : nullptr;
}

void SchedulerHost::Received(const StreamPtr& stream, const FromNode& message) {
  if (!up() || stream->process() != process_) return;
  if (const auto* hello = std::get_if<sched::NodeHello>(&message)) {
    stream->id = sched::StreamId(next_stream_++);
    streams_[stream->id] = stream;
    sched::NodeHello input = *hello;
    input.stream = stream->id;
    return Handle(std::move(input));
  }
  // As worker_service.cc: what is said under another incarnation, the Hello has told or will tell.
  if (const auto* answer = std::get_if<HeartbeatAnswer>(&message)) {
    if (answer->incarnation == stream->incarnation)
      stream->answered = std::max(stream->answered, answer->count);
    return;
  }
  const auto& report = std::get<NodeReport>(message);
  if (!stream->incarnation.valid() || report.incarnation != stream->incarnation) return;
  const sched::NodeTask& task = report.task;
  if (task.started) Handle(sched::TaskStarted{stream->node_id, stream->incarnation, task.attempt, task.pid});
  if (task.ended && up() && stream->process() == process_)
    Handle(sched::TaskEnded{stream->node_id, stream->incarnation, task.attempt, task.end, task.usage,
                            task.node_fault, task.saved, task.stopped});
}

void SchedulerHost::Closed(const StreamPtr& stream) {
  if (!up() || stream->process() != process_) return;
  if (!stream->id.valid()) return;  // it never said anything
  streams_.erase(stream->id);
  const auto current = by_node_.find(stream->node_id);
  if (current != by_node_.end() && current->second == stream->id) by_node_.erase(current);
  Handle(sched::NodeStreamClosed{stream->id, "connection lost"});
}

}  // namespace bsub::sim
