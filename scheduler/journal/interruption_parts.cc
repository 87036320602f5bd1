// What entries and snapshots hold about notices and interruptions.
#include "scheduler/journal/proto_parts.h"

namespace bsub::journal {

void Encode(const CheckpointSpec& x, pb::CheckpointSpec* out) {
  out->set_directory(x.directory);
  out->set_interval_us(x.interval.count());
  out->set_signal(x.signal);
  out->set_signal_group(x.signal_group);
  out->set_exit_code(x.exit_code);
  out->set_grace_us(x.grace.count());
  out->set_anywhere(x.anywhere);
  out->set_then_queue(x.then_queue);
}

void Decode(const pb::CheckpointSpec& in, CheckpointSpec* x) {
  x->directory = in.directory();
  x->interval = Duration(in.interval_us());
  x->signal = in.signal();
  x->signal_group = in.signal_group();
  x->exit_code = in.exit_code();
  x->grace = Duration(in.grace_us());
  x->anywhere = in.anywhere();
  x->then_queue = in.then_queue();
}

void Encode(const sched::Interruption& x, pb::Interruption* out) {
  out->set_notice_at_us(x.notice_at.micros());
  out->set_saved_at_us(x.saved_at.micros());
  out->set_generation(x.generation);
  out->set_lost_us(x.lost.count());
}

void Decode(const pb::Interruption& in, sched::Interruption* x) {
  *x = {TimePoint(in.notice_at_us()), TimePoint(in.saved_at_us()), in.generation(), Duration(in.lost_us())};
}

namespace {

Status DecodeKind(std::uint32_t kind, sched::NoticeKind* x) {
  return DecodeEnum(kind, sched::NoticeKind::kPreempted, "kind of notice", x);
}

}  // namespace

void Encode(const sched::NodeNotice& x, pb::NodeNotice* out) {
  out->set_at_us(x.at.micros());
  out->set_ends_at_us(x.ends_at.micros());
  out->set_kind(static_cast<std::uint32_t>(x.kind));
  out->set_by(x.by);
  out->set_reason(x.reason);
}

Status Decode(const pb::NodeNotice& in, sched::NodeNotice* x) {
  *x = {TimePoint(in.at_us()), TimePoint(in.ends_at_us()), {}, in.by(), in.reason()};
  return DecodeKind(in.kind(), &x->kind);
}

void Encode(const sched::AttemptNotice& x, pb::AttemptNotice* out) {
  out->set_node(x.node.value());
  out->set_at_us(x.at.micros());
  out->set_ends_at_us(x.ends_at.micros());
  out->set_kind(static_cast<std::uint32_t>(x.kind));
  out->set_preempted_for(x.preempted_for.value());
}

Status Decode(const pb::AttemptNotice& in, sched::AttemptNotice* x) {
  *x = {NodeId(in.node()), TimePoint(in.at_us()), TimePoint(in.ends_at_us()), {}, JobId(in.preempted_for())};
  return DecodeKind(in.kind(), &x->kind);
}

void Encode(const sched::KnownSave& x, pb::KnownSave* out) {
  out->set_generation(x.generation);
  out->set_work_from_us(x.work_from.micros());
  out->set_saved_at_us(x.saved_at.micros());
  out->set_not_saved(x.not_saved);
  out->set_work_until_us(x.work_until.micros());
}

void Decode(const pb::KnownSave& in, sched::KnownSave* x) {
  *x = {in.generation(), TimePoint(in.work_from_us()), TimePoint(in.saved_at_us()), in.not_saved(),
        TimePoint(in.work_until_us())};
}

void Encode(const sched::NodeNoticeSet& x, pb::NodeNoticeSet* out) {
  out->set_node(x.node.value());
  out->set_ends_at_us(x.ends_at.micros());
  out->set_kind(static_cast<std::uint32_t>(x.kind));
  out->set_by(x.by);
  out->set_reason(x.reason);
}

Status Decode(const pb::NodeNoticeSet& in, sched::NodeNoticeSet* x) {
  *x = {NodeId(in.node()), TimePoint(in.ends_at_us()), {}, in.by(), in.reason()};
  return DecodeKind(in.kind(), &x->kind);
}

void Encode(const sched::AttemptNoticed& x, pb::AttemptNoticed* out) {
  Encode(x.attempt, out->mutable_attempt());
  out->set_node(x.node.value());
  out->set_ends_at_us(x.ends_at.micros());
  out->set_kind(static_cast<std::uint32_t>(x.kind));
  out->set_preempted_for(x.preempted_for.value());
}

Status Decode(const pb::AttemptNoticed& in, sched::AttemptNoticed* x) {
  Decode(in.attempt(), &x->attempt);
  x->node = NodeId(in.node());
  x->ends_at = TimePoint(in.ends_at_us());
  x->preempted_for = JobId(in.preempted_for());
  return DecodeKind(in.kind(), &x->kind);
}

}  // namespace bsub::journal
