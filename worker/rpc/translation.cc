#include "worker/rpc/translation.h"

#include <memory>
#include <utility>

#include "common/utf8.h"

namespace bsub::worker {

AttemptKey KeyFrom(const v1::AttemptKey& wire) { return {JobId(wire.job()), wire.ordinal(), wire.number()}; }

void FillKey(const AttemptKey& key, v1::AttemptKey& wire) {
  wire.set_job(key.job.value());
  wire.set_ordinal(key.ordinal);
  wire.set_number(key.number);
}

void FillReport(const TaskState& task, v1::TaskReport& wire) {
  FillKey(task.attempt, *wire.mutable_attempt());
  wire.set_started(task.started);
  wire.set_pid(task.pid);
  wire.set_ended(task.ended);
  wire.set_generation(task.saved.generation);
  if (task.saved.unsaved >= Duration(0)) wire.set_unsaved_us(task.saved.unsaved.count());
  if (task.saved.age >= Duration(0)) wire.set_save_age_us(task.saved.age.count());
  if (!task.ended) return;
  wire.set_not_saved(task.saved.not_saved);
  wire.set_end_kind(static_cast<std::int32_t>(task.end.kind));
  wire.set_code(task.end.code);
  wire.set_reason(ToUtf8(task.end.reason));
  wire.set_user_us(task.usage.user_us);
  wire.set_system_us(task.usage.system_us);
  wire.set_elapsed_us(task.usage.elapsed_us);
  wire.set_max_rss_bytes(task.usage.max_rss_bytes);
  wire.set_read_bytes(task.usage.read_bytes);
  wire.set_write_bytes(task.usage.write_bytes);
  wire.set_node_fault(task.node_fault);
  wire.set_stopped(task.stopped);
}

std::optional<InputBody> InputFrom(v1::ToNode& message) {
  const Incarnation incarnation(message.incarnation());
  switch (message.body_case()) {
    case v1::ToNode::kAccepted: {
      const v1::Accepted& a = message.accepted();
      return Accepted{Incarnation(a.incarnation()), Duration(a.lease_us()), Duration(a.heartbeat_us())};
    }
    case v1::ToNode::kRefused:
      return Refused{message.refused().reason(), message.refused().final(),
                     Incarnation(message.refused().incarnation())};
    case v1::ToNode::kLaunch: {
      v1::SignedLaunch& l = *message.mutable_launch();
      auto launch = std::make_shared<SignedLaunch>(
          SignedLaunch{std::move(*l.mutable_launch()), std::move(*l.mutable_proof())});
      return LaunchOrder{incarnation, KeyFrom(l.attempt()), std::move(launch)};
    }
    case v1::ToNode::kStop: {
      const v1::Stop& s = message.stop();
      return StopOrder{incarnation, KeyFrom(s.attempt()), Duration(s.grace_us()), s.reason()};
    }
    case v1::ToNode::kNotice: {
      const v1::Notice& n = message.notice();
      return NoticeOrder{incarnation, KeyFrom(n.attempt()), Duration(n.remaining_us()), n.reason(),
                         n.withdrawn()};
    }
    case v1::ToNode::kAckEnded:
      return EndAcknowledged{incarnation, KeyFrom(message.ack_ended().attempt())};
    case v1::ToNode::kHeartbeat:
      return HeartbeatCame{incarnation, message.heartbeat().count(), message.heartbeat().answered()};
    case v1::ToNode::kOrders:  // the link hands them one by one
    case v1::ToNode::kStrike:  // for the agent itself
    case v1::ToNode::kReadLog:
    case v1::ToNode::BODY_NOT_SET:
      return std::nullopt;
  }
  return std::nullopt;
}

v1::FromNode ToWire(const ReportTask& report) {
  v1::FromNode message;
  message.set_incarnation(report.incarnation.value());
  FillReport(report.task, *message.mutable_task());
  return message;
}

v1::FromNode ToWire(const AnswerHeartbeat& answer) {
  v1::FromNode message;
  message.set_incarnation(answer.incarnation.value());
  message.mutable_heartbeat()->set_count(answer.count);
  return message;
}

}  // namespace bsub::worker
