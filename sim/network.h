// Streams between nodes and the scheduler. Messages are late but in order; a stream that breaks loses a
// suffix in each direction, and its ends learn of it at different times.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "sim/messages.h"
#include "sim/model.h"
#include "sim/pipe.h"

namespace bsub::sim {

class Stream;
using StreamPtr = std::shared_ptr<Stream>;

// What a stream's ends are told.
class StreamEnd {
 public:
  virtual ~StreamEnd() = default;
  virtual void Closed(const StreamPtr& stream) = 0;
};
class NodeEnd : public StreamEnd {
 public:
  virtual void Received(const StreamPtr& stream, const ToNode& message) = 0;
};
class SchedulerEnd : public StreamEnd {
 public:
  virtual void Received(const StreamPtr& stream, const FromNode& message) = 0;
};

class Stream : public std::enable_shared_from_this<Stream> {
 public:
  static StreamPtr Make(Model& model, NodeEnd& node, SchedulerEnd& scheduler, std::uint64_t process);

  void Send(const FromNode& message);
  void Send(const ToNode& message);

  // The network breaks it: both ends learn of it sooner or later.
  void Break();
  // One end is done with it (or died); the other learns.
  void CloseFromNode();
  void CloseFromScheduler();

  bool open_for_node() const { return node_open_; }
  bool open_for_scheduler() const { return scheduler_open_; }
  std::uint64_t process() const { return process_; }  // the scheduler process it was opened to
  std::uint64_t serial = 0;                           // for traces

  // Given by the scheduler's side.
  sched::StreamId id;
  NodeId node_id;
  Incarnation incarnation;
  std::uint64_t answered = 0;  // the newest heartbeat

 private:
  Stream(Model& model, NodeEnd& node, SchedulerEnd& scheduler, std::uint64_t process)
      : model_(model), node_(node), scheduler_(scheduler), process_(process) {}
  void TellNode();
  void TellScheduler();
  void Cut();

  Model& model_;
  NodeEnd& node_;
  SchedulerEnd& scheduler_;
  const std::uint64_t process_;
  std::shared_ptr<Pipe<FromNode>> up_;
  std::shared_ptr<Pipe<ToNode>> down_;
  bool node_open_ = true;
  bool scheduler_open_ = true;
};

}  // namespace bsub::sim
