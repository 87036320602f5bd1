// The connected nodes: brings the core's messages to the right stream, and log requests to a node and back.
//
// Messages for a node that is not connected, or under another incarnation, are dropped: its next Hello tells
// the core what it has, and the core says again what is still wanted.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "api/bsub/v1/worker.pb.h"
#include "common/result.h"
#include "scheduler/core/message.h"
#include "scheduler/rpc/core_port.h"
#include "scheduler/rpc/launch_builder.h"
#include "scheduler/rpc/payload_port.h"
#include "scheduler/rpc/settings.h"

namespace bsub::rpc {

// A node's stream as seen from here. Any thread.
class NodeLink {
 public:
  virtual ~NodeLink() = default;
  virtual std::string name() const = 0;  // as in its Hello
  virtual std::int32_t protocol() const = 0;
  virtual void Grant(NodeId node, Incarnation incarnation) = 0;
  virtual void Send(v1::ToNode message) = 0;
  // In this order, in fewer messages if the node's protocol allows.
  virtual void SendAll(std::vector<v1::ToNode> messages) = 0;
  // Says why, and ends the stream. `current`, if set: the node may come back at once and name this
  // incarnation.
  virtual void Refuse(const Error& reason, bool final, Incarnation current) = 0;
};

class NodeRegistry {
 public:
  // Takes a part of a log. False: the reader is slow, so that the node's stream should pause a little.
  using LogSink = std::function<bool(const Result<v1::LogData>& part)>;

  NodeRegistry(CorePort& core, PayloadPort& payloads, SignFn sign, const RpcSettings& settings)
      : core_(core), payloads_(payloads), sign_(std::move(sign)), settings_(settings) {}

  // Known once the cluster is; before the first node may connect.
  void SetClusterUuid(std::string uuid) { cluster_uuid_ = std::move(uuid); }
  const std::string& cluster_uuid() const { return cluster_uuid_; }

  sched::StreamId Add(std::shared_ptr<NodeLink> link);
  // Log requests that were under way on it fail.
  void Remove(sched::StreamId stream);

  // From the core, in order, once durable. Replies are not for nodes.
  void Deliver(const std::vector<sched::Message>& messages);

  // Unavailable if the node is not connected. The sink is called until `end`, an error, or StopLog.
  Result<std::uint64_t> StartLog(NodeId node, v1::ReadLog request, LogSink sink);
  void StopLog(std::uint64_t request);
  // Whether the attempt is on the node of this stream, or was a moment ago: only then it can tell what it
  // wrote.
  bool Had(sched::StreamId stream, const sched::AttemptRef& attempt) const;
  // From the stream: false if the reader is slow.
  bool HandLog(sched::StreamId stream, const v1::LogData& data);

 private:
  struct Connected {
    std::shared_ptr<NodeLink> link;
    NodeId node;  // once accepted
    Incarnation incarnation;
    std::set<sched::AttemptRef> attempts;  // that it was given, up to some time after their end
    std::deque<sched::AttemptRef> over;    // of these, in the order of their ends
  };
  struct LogReader {
    sched::StreamId stream;
    LogSink sink;
  };

  // What one Deliver has for each node.
  using Outbox = std::map<std::shared_ptr<NodeLink>, std::vector<v1::ToNode>>;

  void Take(const sched::LaunchTask& message, Outbox& out);
  void Take(const sched::StopTask& message, Outbox& out);
  void Take(const sched::NoticeTask& message, Outbox& out);
  void Take(const sched::StrikeNode& message, Outbox& out);
  void Take(const sched::AckEnded& message, Outbox& out);
  void Take(const sched::AcceptNode& message, Outbox& out);
  void Take(const sched::RefuseNode& message, Outbox& out);
  void Take(const sched::Reply& /*not for nodes*/, Outbox& /*out*/) {}
  // Under the mutex; null if the node is not connected under this incarnation.
  Connected* Find(NodeId node, Incarnation incarnation);
  void Put(NodeId node, Incarnation incarnation, v1::ToNode message, Outbox& out);

  CorePort& core_;
  PayloadPort& payloads_;
  const SignFn sign_;
  const RpcSettings& settings_;
  std::string cluster_uuid_;

  mutable std::mutex mutex_;
  std::uint64_t next_stream_ = 1;
  std::uint64_t next_request_ = 1;
  std::map<sched::StreamId, Connected> streams_;
  std::map<NodeId, sched::StreamId> by_node_;
  std::map<std::uint64_t, LogReader> logs_;
};

}  // namespace bsub::rpc
