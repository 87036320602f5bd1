#include "sim/node_model.h"

#include <algorithm>
#include <utility>

namespace bsub::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// After so long without a word the scheduler's side gives a stream up.
constexpr Duration kLongestSilence = seconds(15);
constexpr Duration kSlowestAgentStart = seconds(20);
constexpr Duration kSlowestSpawnerStart = seconds(300);
constexpr Duration kSlowestDial = seconds(8);
constexpr Duration kSocketLatency = milliseconds(3);

}  // namespace

NodeModel::NodeModel(Model& model, sched::NodeDescription description, Dialler dialler)
    : model_(model),
      machine_(model, description.name),
      description_(std::move(description)),
      dialler_(std::move(dialler)),
      spawner_(model, machine_, description_.total) {}

Duration NodeModel::Soon(Duration longest) { return model_.random.Spread(milliseconds(1), longest); }

void NodeModel::PowerOn() {
  powered_ = true;
  StartSpawner();
  StartAgent();
}

void NodeModel::StartSpawner() {
  spawner_.Boot();
  Link();
}

void NodeModel::StartAgent() {
  ++agent_process_;
  agent_ = std::make_unique<AgentModel>(model_, *this, description_);
  Link();
}

// Agent and spawner find each other once both are there.
void NodeModel::Link() {
  if (!agent_ || !spawner_.up() || orders_) return;
  if (model_.events.now() < orders_done_) {
    machine_.Later(orders_done_ - model_.events.now() + Duration(1), [this, process = agent_process_] {
      if (process == agent_process_ && !orders_) Link();
    });
    return;
  }
  const Pipe<ToSpawner>::Latency orders{kSocketLatency, kSocketLatency, 0};
  orders_ = std::make_shared<Pipe<ToSpawner>>(
      model_.events, model_.random, orders,
      [this, process = spawner_process_](const ToSpawner& m) { ToSpawnerArrived(process, m); });
  const Pipe<FromSpawner>::Latency reports{kSocketLatency, kSocketLatency, 0};
  reports_ = std::make_shared<Pipe<FromSpawner>>(
      model_.events, model_.random, reports,
      [this, socket = socket_](const FromSpawner& m) { FromSpawnerArrived(socket, m); });
  spawner_.Connect([pipe = reports_](const FromSpawner& m) { pipe->Send(m); });
}

// What waits in a socket while the machine is frozen is read when it wakes.
void NodeModel::ToSpawnerArrived(std::uint64_t process, const ToSpawner& message) {
  if (process != spawner_process_) return;
  if (!machine_.frozen()) return spawner_.Receive(message);
  machine_.Later(Duration(0), [this, process, message] { ToSpawnerArrived(process, message); });
}

void NodeModel::FromSpawnerArrived(std::uint64_t socket, const FromSpawner& message) {
  if (socket != socket_ || !agent_) return;
  if (!machine_.frozen()) return agent_->FromSpawnerArrived(message);
  machine_.Later(Duration(0), [this, socket, message] { FromSpawnerArrived(socket, message); });
}

void NodeModel::DropAgent() {
  ++agent_process_;
  if (stream_) stream_->CloseFromNode();
  stream_.reset();
  ++dial_, ++wake_;
  DropSocket();
  agent_.reset();
}

void NodeModel::DropSocket() {
  ++socket_;
  if (orders_) {
    orders_->Break();
    orders_done_ = orders_->last();
    reports_->Break();
  }
  orders_.reset();
  reports_.reset();
  spawner_.Disconnect();
}

void NodeModel::BreakSocket() {
  if (!orders_ || machine_.frozen()) return;
  model_.trace.Note(name() + ": agent and spawner lose each other");
  DropSocket();
  agent_->SpawnerGone();
  machine_.Later(Soon(seconds(15)), [this, process = agent_process_] {
    if (process == agent_process_ && !orders_) Link();
  });
}

void NodeModel::CrashAgent() {
  if (!agent_ || machine_.frozen()) return;
  ++model_.tally.agent_crashes;
  model_.trace.Note(name() + ": the agent dies");
  DropAgent();
  machine_.Later(Soon(kSlowestAgentStart), [this, process = agent_process_] {
    if (process == agent_process_ && !agent_) StartAgent();
  });
}

void NodeModel::CrashSpawner() {
  if (!spawner_.up() || machine_.frozen()) return;
  ++model_.tally.spawner_crashes;
  model_.trace.Note(name() + ": the spawner dies");
  spawner_.Crash();
  const bool were_connected = orders_ != nullptr;
  DropSocket();
  if (agent_ && were_connected) agent_->SpawnerGone();
  ++spawner_process_;
  machine_.Later(Soon(kSlowestSpawnerStart), [this, process = spawner_process_] {
    if (process == spawner_process_ && !spawner_.up()) StartSpawner();
  });
}

void NodeModel::PowerLoss(Duration off_for) {
  if (!powered_) return;
  ++model_.tally.reboots;
  model_.trace.Note(name() + ": power loss");
  powered_ = false;
  DropAgent();
  spawner_.PowerLoss(model_.random.Chance(500));
  machine_.NewBoot();
  machine_.Freeze(Duration(0));
  ++spawner_process_;
  machine_.Later(off_for, [this] {
    if (!powered_) PowerOn();
  });
}

void NodeModel::Partition(Duration how_long) {
  ++model_.tally.partitions;
  model_.trace.Note(name() + ": cut off");
  partitioned_until_ = model_.events.now() + how_long;
  if (stream_) stream_->Break();
}

void NodeModel::Freeze(Duration how_long) {
  if (!powered_ || machine_.frozen()) return;
  ++model_.tally.freezes;
  model_.trace.Note(name() + ": frozen");
  machine_.Freeze(how_long);
  if (how_long > kLongestSilence && stream_) stream_->Break();
  model_.events.At(machine_.wakes_at(), [this, boot = machine_.boot()] {
    if (boot != machine_.boot() || machine_.frozen()) return;
    model_.trace.Note(name() + ": awake");
    spawner_.Woke();
  });
}

void NodeModel::BreakStream() {
  if (!stream_) return;
  model_.trace.Note(name() + ": the stream breaks");
  stream_->Break();
}

void NodeModel::Mend() {
  partitioned_until_ = TimePoint();
  if (!powered_) PowerOn();
}

void NodeModel::Received(const StreamPtr& stream, const ToNode& message) {
  if (machine_.frozen()) {
    machine_.Later(Duration(0), [this, stream, message] { Received(stream, message); });
    return;
  }
  if (stream == stream_ && agent_) agent_->FromSchedulerArrived(message);
}

void NodeModel::Closed(const StreamPtr& stream) {
  if (machine_.frozen()) {
    machine_.Later(Duration(0), [this, stream] { Closed(stream); });
    return;
  }
  if (stream != stream_) return;
  stream_.reset();
  if (agent_) agent_->StreamGone();
}

void NodeModel::ToScheduler(FromNode message) {
  if (stream_) stream_->Send(message);
}

void NodeModel::OrderSpawner(ToSpawner message) {
  if (orders_) orders_->Send(std::move(message));
}

void NodeModel::OpenStream() {
  machine_.Later(Soon(kSlowestDial), [this, wish = ++dial_] {
    if (wish == dial_ && agent_) TryDial();
  });
}

// As the agent does: it says Hello at once and learns later whether anybody was there.
void NodeModel::TryDial() {
  if (model_.events.now() >= partitioned_until_) stream_ = dialler_(*this);
  const bool reached = stream_ != nullptr;
  agent_->StreamOpened();
  if (reached) return;
  machine_.Later(Soon(seconds(2)), [this, wish = dial_] {
    if (wish == dial_ && agent_ && !stream_) agent_->StreamGone();
  });
}

void NodeModel::WakeAgent(TimePoint at) {
  ++wake_;
  if (at == TimePoint::Max()) return;
  machine_.Later(std::max(Duration(1), at - model_.events.now()), [this, wish = wake_] {
    if (wish == wake_ && agent_) agent_->Tick();
  });
}

void NodeModel::CloseStream() {
  ++dial_;
  if (stream_) stream_->CloseFromNode();
  stream_.reset();
}

}  // namespace bsub::sim
