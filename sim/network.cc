#include "sim/network.h"

#include <algorithm>

namespace bsub::sim {
namespace {

// How long it may take until an end notices that nothing comes any more.
constexpr Duration kSlowestNotice = std::chrono::seconds(25);

template <typename T>
bool MayRepeat(const T& message) {
  // Registration is a dialogue at the start of a stream; all else may be said again.
  return std::visit(
      [](const auto& m) {
        using M = std::decay_t<decltype(m)>;
        return !std::is_same_v<M, sched::NodeHello> && !std::is_same_v<M, sched::AcceptNode> &&
               !std::is_same_v<M, sched::RefuseNode>;
      },
      message);
}

}  // namespace

StreamPtr Stream::Make(Model& model, NodeEnd& node, SchedulerEnd& scheduler, std::uint64_t process) {
  StreamPtr stream(new Stream(model, node, scheduler, process));
  const std::weak_ptr<Stream> weak = stream;
  stream->up_ = std::make_shared<Pipe<FromNode>>(
      model.events, model.random,
      Pipe<FromNode>::Latency{kUsualLatency, kWorstLatency, model.weather.late_permille},
      [weak](const FromNode& m) {
        const StreamPtr s = weak.lock();
        if (s && s->scheduler_open_) s->scheduler_.Received(s, m);
      });
  stream->down_ = std::make_shared<Pipe<ToNode>>(
      model.events, model.random,
      Pipe<ToNode>::Latency{kUsualLatency, kWorstLatency, model.weather.late_permille},
      [weak](const ToNode& m) {
        const StreamPtr s = weak.lock();
        if (s && s->node_open_) s->node_.Received(s, m);
      });
  return stream;
}

void Stream::Send(const FromNode& message) {
  if (!node_open_) return;
  if (!up_->Send(message)) ++model_.tally.lost_messages;
  if (MayRepeat(message) && model_.Strikes(model_.weather.repeated_permille)) {
    ++model_.tally.repeated_messages;
    up_->Send(message);
  }
}

void Stream::Send(const ToNode& message) {
  if (!scheduler_open_) return;
  if (!down_->Send(message)) ++model_.tally.lost_messages;
  if (MayRepeat(message) && model_.Strikes(model_.weather.repeated_permille)) {
    ++model_.tally.repeated_messages;
    down_->Send(message);
  }
}

void Stream::Cut() { model_.tally.lost_messages += up_->Break() + down_->Break(); }

void Stream::TellScheduler() {
  const TimePoint at =
      std::max(up_->last(), model_.events.now() + model_.random.Spread(Duration(100), kSlowestNotice));
  model_.events.At(at, [self = shared_from_this()] {
    if (!self->scheduler_open_) return;
    self->scheduler_open_ = false;
    self->scheduler_.Closed(self);
  });
}

void Stream::TellNode() {
  const TimePoint at =
      std::max(down_->last(), model_.events.now() + model_.random.Spread(Duration(100), kSlowestNotice));
  model_.events.At(at, [self = shared_from_this()] {
    if (!self->node_open_) return;
    self->node_open_ = false;
    self->node_.Closed(self);
  });
}

void Stream::Break() {
  if (up_->broken()) return;
  ++model_.tally.broken_streams;
  Cut();
  TellNode();
  TellScheduler();
}

void Stream::CloseFromNode() {
  if (!node_open_) return;
  node_open_ = false;
  Cut();
  TellScheduler();
}

void Stream::CloseFromScheduler() {
  if (!scheduler_open_) return;
  scheduler_open_ = false;
  Cut();
  TellNode();
}

}  // namespace bsub::sim
