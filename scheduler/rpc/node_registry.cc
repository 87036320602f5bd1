#include "scheduler/rpc/node_registry.h"

#include <utility>
#include <vector>

namespace bsub::rpc {

sched::StreamId NodeRegistry::Add(std::shared_ptr<NodeLink> link) {
  const std::lock_guard lock(mutex_);
  const sched::StreamId id(next_stream_++);
  streams_.emplace(id, Connected{std::move(link), {}, {}, {}, {}});
  return id;
}

void NodeRegistry::Remove(sched::StreamId stream) {
  std::vector<LogSink> orphans;
  std::string name;
  {
    const std::lock_guard lock(mutex_);
    const auto it = streams_.find(stream);
    if (it == streams_.end()) return;
    name = it->second.link->name();
    const auto current = by_node_.find(it->second.node);
    if (current != by_node_.end() && current->second == stream) by_node_.erase(current);
    streams_.erase(it);
    for (auto log = logs_.begin(); log != logs_.end();) {
      if (log->second.stream == stream) orphans.push_back(std::move(log->second.sink));
      log = log->second.stream == stream ? logs_.erase(log) : std::next(log);
    }
  }
  for (const LogSink& sink : orphans) sink(Unavailable("node " + name + " lost its connection"));
}

bool NodeRegistry::Had(sched::StreamId stream, const sched::AttemptRef& attempt) const {
  const std::lock_guard lock(mutex_);
  const auto it = streams_.find(stream);
  return it != streams_.end() && it->second.attempts.count(attempt) != 0;
}

NodeRegistry::Connected* NodeRegistry::Find(NodeId node, Incarnation incarnation) {
  const auto it = by_node_.find(node);
  if (it == by_node_.end()) return nullptr;
  Connected& connected = streams_.at(it->second);
  return connected.incarnation == incarnation ? &connected : nullptr;
}

void NodeRegistry::Put(NodeId node, Incarnation incarnation, v1::ToNode message, Outbox& out) {
  message.set_incarnation(incarnation.value());
  const std::lock_guard lock(mutex_);
  if (const Connected* const connected = Find(node, incarnation))
    out[connected->link].push_back(std::move(message));
}

void NodeRegistry::Deliver(const std::vector<sched::Message>& messages) {
  Outbox out;
  for (const sched::Message& message : messages)
    std::visit([&](const auto& body) { Take(body, out); }, message);
  for (auto& [link, theirs] : out) link->SendAll(std::move(theirs));
}

void NodeRegistry::Take(const sched::LaunchTask& message, Outbox& outbox) {
  std::shared_ptr<NodeLink> link;
  {
    const std::lock_guard lock(mutex_);
    Connected* const connected = Find(message.node, message.incarnation);
    if (connected == nullptr) return;
    if (message.part == kMainPart) connected->attempts.insert(message.attempt);  // whose output it tells
    link = connected->link;
  }
  auto launch =
      BuildLaunch(message, {link->name(), cluster_uuid_, settings_.max_output_bytes, settings_.step_program},
                  payloads_, sign_);
  if (!launch) {
    sched::TaskEnded ended{message.node, message.incarnation, message.attempt, {}, {}};
    ended.end.kind = EndKind::kNeverStarted;
    ended.end.reason = launch.error().message;
    core_.SendFromNode(std::move(ended));
    return;
  }
  v1::ToNode out;
  *out.mutable_launch() = std::move(*launch);
  out.set_incarnation(message.incarnation.value());
  outbox[link].push_back(std::move(out));
}

void NodeRegistry::Take(const sched::StopTask& message, Outbox& outbox) {
  v1::ToNode out;
  FillAttemptKey(message.attempt, *out.mutable_stop()->mutable_attempt());
  out.mutable_stop()->set_grace_us(message.grace.count());
  Put(message.node, message.incarnation, std::move(out), outbox);
}

void NodeRegistry::Take(const sched::NoticeTask& message, Outbox& outbox) {
  v1::ToNode out;
  FillAttemptKey(message.attempt, *out.mutable_notice()->mutable_attempt());
  out.mutable_notice()->set_remaining_us(message.remaining.count());
  out.mutable_notice()->set_reason(message.only_save ? "rebalance"
                                                     : std::string(sched::ToString(message.kind)));
  out.mutable_notice()->set_withdrawn(message.withdrawn);
  Put(message.node, message.incarnation, std::move(out), outbox);
}

void NodeRegistry::Take(const sched::StrikeNode& message, Outbox& outbox) {
  v1::ToNode out;
  out.mutable_strike()->set_kill(message.kill);
  out.mutable_strike()->set_cut_off_us(message.cut_off_for.count());
  Put(message.node, message.incarnation, std::move(out), outbox);
}

void NodeRegistry::Take(const sched::AckEnded& message, Outbox& outbox) {
  {
    const std::lock_guard lock(mutex_);
    Connected* const connected = Find(message.node, message.incarnation);
    if (connected != nullptr && connected->attempts.count(message.attempt) != 0) {
      connected->over.push_back(message.attempt);
      if (connected->over.size() > settings_.remembered_attempts) {
        connected->attempts.erase(connected->over.front());
        connected->over.pop_front();
      }
    }
  }
  v1::ToNode out;
  FillAttemptKey(message.attempt, *out.mutable_ack_ended()->mutable_attempt());
  Put(message.node, message.incarnation, std::move(out), outbox);
}

// Not by way of the outbox: until it is accepted there is nothing for a node.
void NodeRegistry::Take(const sched::AcceptNode& message, Outbox& /*out*/) {
  std::shared_ptr<NodeLink> link;
  std::shared_ptr<NodeLink> replaced;
  {
    const std::lock_guard lock(mutex_);
    const auto it = streams_.find(message.stream);
    if (it == streams_.end()) return;  // it broke in the meantime, which the core will hear
    it->second.node = message.node;
    it->second.incarnation = message.incarnation;
    it->second.attempts.insert(message.attempts.begin(), message.attempts.end());
    link = it->second.link;
    const auto [current, is_new] = by_node_.emplace(message.node, message.stream);
    if (!is_new && current->second != message.stream) {
      replaced = streams_.at(current->second).link;
      current->second = message.stream;
    }
    // Under the lock: no launch can be sent before its node knows its incarnation.
    link->Grant(message.node, message.incarnation);
    v1::ToNode out;
    out.set_incarnation(message.incarnation.value());
    v1::Accepted& accepted = *out.mutable_accepted();
    accepted.set_incarnation(message.incarnation.value());
    accepted.set_cluster_uuid(cluster_uuid_);
    accepted.set_protocol(link->protocol());
    accepted.set_lease_us(message.lease.count());
    accepted.set_heartbeat_us(settings_.heartbeat.count());
    accepted.set_gather_us(settings_.gather_reports.count());
    accepted.set_gather_full_at(settings_.gather_full_at);
    link->Send(std::move(out));
  }
  if (replaced)
    replaced->Refuse(Error{Code::kAborted, "node " + link->name() + " connected again"}, false, {});
}

void NodeRegistry::Take(const sched::RefuseNode& message, Outbox& /*out*/) {
  std::shared_ptr<NodeLink> link;
  {
    const std::lock_guard lock(mutex_);
    const auto it = streams_.find(message.stream);
    if (it == streams_.end()) return;
    link = it->second.link;
  }
  const bool final =
      message.error.code == Code::kInvalidArgument || message.error.code == Code::kPermissionDenied;
  link->Refuse(message.error, final, message.current);
}

Result<std::uint64_t> NodeRegistry::StartLog(NodeId node, v1::ReadLog request, LogSink sink) {
  std::shared_ptr<NodeLink> link;
  v1::ToNode out;
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto it = by_node_.find(node);
    if (it == by_node_.end()) return Unavailable("its node is not connected");
    const Connected& connected = streams_.at(it->second);
    link = connected.link;
    id = next_request_++;
    logs_.emplace(id, LogReader{it->second, std::move(sink)});
    out.set_incarnation(connected.incarnation.value());
  }
  request.set_request(id);
  *out.mutable_read_log() = std::move(request);
  link->Send(std::move(out));
  return id;
}

void NodeRegistry::StopLog(std::uint64_t request) {
  std::shared_ptr<NodeLink> link;
  v1::ToNode out;
  {
    const std::lock_guard lock(mutex_);
    const auto it = logs_.find(request);
    if (it == logs_.end()) return;
    const auto stream = streams_.find(it->second.stream);
    if (stream != streams_.end()) {
      link = stream->second.link;
      out.set_incarnation(stream->second.incarnation.value());
    }
    logs_.erase(it);
  }
  if (!link) return;
  out.mutable_read_log()->set_request(request);
  out.mutable_read_log()->set_cancel(true);
  link->Send(std::move(out));
}

bool NodeRegistry::HandLog(sched::StreamId stream, const v1::LogData& data) {
  LogSink sink;
  {
    const std::lock_guard lock(mutex_);
    const auto it = logs_.find(data.request());
    if (it == logs_.end() || it->second.stream != stream) return true;  // nobody reads it any more
    sink = it->second.sink;
    if (data.end() || !data.error().empty()) logs_.erase(it);
  }
  return sink(data);
}

}  // namespace bsub::rpc
