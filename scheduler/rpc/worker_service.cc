#include "scheduler/rpc/worker_service.h"

#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/utf8.h"
#include "scheduler/rpc/method_verbs.h"
#include "scheduler/rpc/node_registry.h"
#include "scheduler/rpc/node_translation.h"
#include "scheduler/rpc/order_bundle.h"
#include "scheduler/rpc/output_spool.h"
#include "scheduler/rpc/protocol.h"
#include "scheduler/rpc/stream_writer.h"

namespace bsub::rpc {
namespace {

// Of launches in one message: more are cut. No setting: what a message may have at most is one.
constexpr std::size_t kMostBundleBytes = std::size_t{1} << 20;

class NodeStream final : public StreamWriter<grpc::ServerBidiReactor<v1::FromNode, v1::ToNode>, v1::ToNode>,
                         public NodeLink {
 public:
  explicit NodeStream(const Services& services) : services_(services) {}

  grpc::ServerBidiReactor<v1::FromNode, v1::ToNode>* Open(const Status& allowed) {
    KeepUntilDone();
    if (!allowed) {
      Refuse(allowed.error(), true, Incarnation());
      return this;
    }
    const std::weak_ptr<NodeStream> weak = Self();
    open_id_ = services_.streams.Add([weak](const Error& reason) {
      if (const auto self = weak.lock()) self->End(reason);
    });
    stream_ = services_.nodes.Add(Self());
    StartRead(&message_);
    Beat();
    return this;
  }

  std::string name() const override {
    const std::lock_guard lock(mutex_);
    return name_;
  }
  std::int32_t protocol() const override {
    const std::lock_guard lock(mutex_);
    return protocol_;
  }
  void Grant(NodeId node, Incarnation incarnation) override {
    const std::lock_guard lock(mutex_);
    node_ = node;
    incarnation_ = incarnation;
  }
  void Send(v1::ToNode message) override { Write(std::move(message)); }
  void SendAll(std::vector<v1::ToNode> messages) override {
    if (protocol() >= kBundlingProtocol) messages = Bundle(std::move(messages), kMostBundleBytes);
    WriteAll(std::move(messages));
  }
  void Refuse(const Error& reason, bool final, Incarnation current = Incarnation()) override {
    v1::ToNode message;
    message.mutable_refused()->set_reason(ToUtf8(reason.message));
    message.mutable_refused()->set_final(final);
    message.mutable_refused()->set_incarnation(current.value());
    Write(std::move(message));
    End(reason);
  }

 private:
  std::shared_ptr<NodeStream> Self() { return std::static_pointer_cast<NodeStream>(shared_from_this()); }

  void OnReadDone(bool ok) override {
    if (!ok) return End(OkStatus());
    {
      const std::lock_guard lock(mutex_);
      silent_beats_ = 0;
    }
    const Status good = Take();
    if (!good) {
      Refuse(good.error(), !said_hello_, Incarnation());
    } else if (slow_) {
      slow_ = false;
      services_.timers.After(services_.settings.slow_reader_pause,
                             [self = Self()] { self->StartRead(&self->message_); });
    } else {
      StartRead(&message_);
    }
  }

  void OnOver() override {
    if (open_id_ != 0) services_.streams.Remove(open_id_);
    if (!stream_.valid()) return;
    services_.nodes.Remove(stream_);
    if (!said_hello_) return;
    services_.core.SendFromNode(sched::NodeStreamClosed{stream_, "its connection broke"});
  }

  // One message. An error ends the stream.
  Status Take() {
    if (!said_hello_) {
      if (message_.has_hello()) return TakeHello(message_.hello());
      return FailedPrecondition("the first message must be Hello");
    }
    NodeId node;
    Incarnation incarnation;
    {
      const std::lock_guard lock(mutex_);
      node = node_;
      incarnation = incarnation_;
    }
    // Said before it was accepted, or under an incarnation of before: the Hello has told it already, or will.
    if (!incarnation.valid() || message_.incarnation() != incarnation.value()) return OkStatus();
    switch (message_.body_case()) {
      case v1::FromNode::kHello:
        return FailedPrecondition("a second Hello on one stream");
      case v1::FromNode::kTask:
        return TakeTasks(std::span(&message_.task(), 1), node, incarnation);
      case v1::FromNode::kTasks:
        return TakeTasks(message_.tasks().tasks(), node, incarnation);
      case v1::FromNode::kLog:
        slow_ = !services_.nodes.HandLog(stream_, message_.log());
        return OkStatus();
      case v1::FromNode::kTail:
        TakeTail(message_.tail());
        return OkStatus();
      case v1::FromNode::kTakenAway: {
        const v1::TakenAway& notice = message_.taken_away();
        services_.core.SendFromNode(sched::NodeNoticed{node, incarnation, Duration(notice.remaining_us()),
                                                       OneLine(notice.reason()), notice.recommended()});
        return OkStatus();
      }
      case v1::FromNode::kHeartbeat: {
        const std::lock_guard lock(mutex_);
        answered_ = std::max(answered_, std::min(message_.heartbeat().count(), beats_));
        return OkStatus();
      }
      case v1::FromNode::BODY_NOT_SET:
        return OkStatus();  // a newer agent may say what we need not know
    }
    return OkStatus();
  }

  Status TakeHello(const v1::Hello& hello) {
    BSUB_ASSIGN_OR_RETURN(const std::int32_t protocol,
                          NegotiateNodeProtocol(hello.min_protocol(), hello.protocol()));
    const std::string& ours = services_.nodes.cluster_uuid();
    if (!hello.cluster_uuid().empty() && hello.cluster_uuid() != ours) {
      return FailedPrecondition("node " + hello.name() + " belongs to cluster " + hello.cluster_uuid() +
                                ", this is cluster " + ours + "; remove its state directory to let it join");
    }
    BSUB_ASSIGN_OR_RETURN(sched::NodeHello input, TranslateHello(hello));
    {
      const std::lock_guard lock(mutex_);
      name_ = hello.name();
      protocol_ = protocol;
    }
    said_hello_ = true;
    input.stream = stream_;
    services_.core.SendFromNode(std::move(input));
    return OkStatus();
  }

  // What is said of several tasks at a time is decided at a time.
  template <typename Reports>
  Status TakeTasks(const Reports& reports, NodeId node, Incarnation incarnation) {
    std::vector<sched::InputBody> inputs;
    for (const v1::TaskReport& report : reports) {
      BSUB_ASSIGN_OR_RETURN(sched::NodeTask task, TranslateTask(report));
      if (task.started)
        inputs.push_back(sched::TaskStarted{node, incarnation, task.attempt, task.pid, task.saved});
      if (!task.ended) continue;
      inputs.push_back(sched::TaskEnded{node, incarnation, task.attempt, std::move(task.end), task.usage,
                                        task.node_fault, task.saved, task.stopped});
    }
    services_.core.SendAllFromNode(std::move(inputs));
    return OkStatus();
  }

  // Of an attempt that this node has nothing to do with it is no output at all.
  void TakeTail(const v1::OutputTail& tail) {
    if (!services_.nodes.Had(stream_, AttemptFrom(tail.attempt()))) return;
    const auto shared = std::make_shared<v1::OutputTail>(tail);
    services_.readers.Run([&spool = services_.spool, shared] {
      // What cannot be kept is not lost: it is still on the node.
      const Status kept = spool.Keep(AttemptFrom(shared->attempt()), shared->standard_error(),
                                     shared->offset(), shared->data());
      static_cast<void>(kept);
    });
  }

  // Sends a heartbeat, and gives the stream up when nothing at all came for too long.
  void Beat() {
    if (ending()) return;
    Incarnation incarnation;
    std::uint64_t count = 0;
    std::uint64_t answered = 0;
    bool silent = false;
    {
      const std::lock_guard lock(mutex_);
      silent = ++silent_beats_ > services_.settings.missed_heartbeats;
      incarnation = incarnation_;
      count = ++beats_;
      answered = answered_;
    }
    if (silent) {
      return End(Error{Code::kDeadlineExceeded,
                       "nothing was heard for " + FormatDuration(services_.settings.heartbeat *
                                                                 services_.settings.missed_heartbeats)});
    }
    if (incarnation.valid()) {
      v1::ToNode message;
      message.set_incarnation(incarnation.value());
      message.mutable_heartbeat()->set_count(count);
      message.mutable_heartbeat()->set_answered(answered);
      Write(std::move(message));
    }
    const std::weak_ptr<NodeStream> weak = Self();
    services_.timers.After(services_.settings.heartbeat, [weak] {
      if (const auto self = weak.lock()) self->Beat();
    });
  }

  const Services& services_;
  sched::StreamId stream_;
  std::uint64_t open_id_ = 0;
  v1::FromNode message_;
  bool said_hello_ = false;  // the reading thread's
  bool slow_ = false;        // the reading thread's

  mutable std::mutex mutex_;
  std::string name_;
  std::int32_t protocol_ = 0;
  NodeId node_;
  Incarnation incarnation_;
  std::uint32_t silent_beats_ = 0;
  std::uint64_t beats_ = 0;
  std::uint64_t answered_ = 0;  // the newest beat
};

}  // namespace

grpc::ServerBidiReactor<v1::FromNode, v1::ToNode>* WorkerService::Connect(
    grpc::CallbackServerContext* context) {
  const auto who = Admit(*identifier_, services_.policy, *context, "Worker.Connect");
  const Status allowed = who ? OkStatus() : Status(who.error());
  return std::make_shared<NodeStream>(services_)->Open(allowed);
}

}  // namespace bsub::rpc
