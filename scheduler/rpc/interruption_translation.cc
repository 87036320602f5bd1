#include "scheduler/rpc/interruption_translation.h"

#include <algorithm>
#include <string>

#include "common/utf8.h"

namespace bsub::rpc {
namespace {

// Where and when it ran again.
void FillResumption(const v1::Job& job, v1::Interruption& to) {
  const auto next =
      std::find_if(job.attempts().begin(), job.attempts().end(), [&](const v1::Attempt& attempt) {
        return attempt.number() > to.attempt() && attempt.started_at_us() != 0;
      });
  if (next == job.attempts().end()) return;
  to.set_resumed_at_us(next->started_at_us());
  if (next->nodes_size() > 0) to.set_resumed_on(next->nodes(0));
}

void FillPast(const PastAttempt& past, const v1::Job& job, v1::Interruption& to) {
  const sched::Interruption& cost = past.ended.cost;
  to.set_attempt(past.ended.attempt.number);
  to.set_node(past.taken_node.empty() ? past.node : past.taken_node);
  to.set_notice_at_us(cost.notice_at.micros());
  to.set_saved_at_us(cost.saved_at.micros());
  to.set_generation(cost.generation);
  if (cost.lost >= Duration(0)) to.set_lost_work_us(cost.lost.count());
  const bool after_notice = cost.notice_at.set() && cost.saved_at.set() && cost.saved_at >= cost.notice_at;
  const bool saved = after_notice && cost.lost == Duration(0);
  to.set_outcome(saved ? "saved" : "not saved");
  std::string reason = past.ended.why;
  if (!past.ended.end.reason.empty()) reason += (reason.empty() ? "" : "; ") + past.ended.end.reason;
  to.set_reason(ToUtf8(reason));
  if (past.ended.then != sched::AfterAttempt::kRetry) return;
  to.set_requeued_at_us(past.ended_at.micros());
  FillResumption(job, to);
}

}  // namespace

Result<CheckpointSpec> TranslateCheckpoint(const v1::SubmitRequest& request) {
  CheckpointSpec spec;
  if (!request.has_checkpoint()) return spec;
  const v1::Checkpoint& in = request.checkpoint();
  spec.directory = in.directory();
  spec.interval = Duration(in.interval_us());
  spec.anywhere = in.anywhere();
  spec.then_queue = in.then_queue();
  spec.exit_code = in.exit_code();
  if (!in.signal().empty()) {
    BSUB_ASSIGN_OR_RETURN(const NoticeSignal signal, ParseNoticeSignal(in.signal()));
    spec.signal = signal.number;
    spec.signal_group = signal.group;
  }
  if (spec.interval.count() != 0 && !spec.used()) {
    return InvalidArgument("checkpoint.interval_us " + std::to_string(in.interval_us()) +
                           ": expected only with a directory, a signal or an exit code: without them the job "
                           "saves nothing");
  }
  if (spec.used() && spec.exit_code == 0) spec.exit_code = kSavedExitCode;
  // The first signal that it gets when it is to end is that of the notice.
  if (spec.used() && request.has_stop_grace_us()) spec.grace = Duration(request.stop_grace_us());
  return spec;
}

void FillCheckpoint(const CheckpointSpec& from, v1::Checkpoint& to) {
  to.set_directory(from.directory);
  to.set_interval_us(from.interval.count());
  if (from.signal != 0) to.set_signal(ToString(NoticeSignal{from.signal, from.signal_group}));
  to.set_exit_code(from.exit_code);
  to.set_anywhere(from.anywhere);
  to.set_then_queue(from.then_queue);
}

void FillNotice(const sched::NodeNotice& from, v1::NodeNotice& to) {
  to.set_at_us(from.at.micros());
  to.set_ends_at_us(from.ends_at.micros());
  to.set_kind(std::string(ToString(from.kind)));
  to.set_by(ToUtf8(from.by));
  to.set_reason(ToUtf8(from.reason));
}

void AddLastSave(const sched::KnownSave& from, v1::Job& to) {
  if (from.generation == 0) return;
  to.mutable_last_save()->set_generation(from.generation);
  to.mutable_last_save()->set_saved_at_us(from.saved_at.micros());
  to.mutable_last_save()->set_unsaved_from_at_us(from.work_from.micros());
}

void AddOpenInterruption(const sched::State& state, const sched::Attempt& attempt, v1::Job& to) {
  if (!attempt.notice) return;
  v1::Interruption& out = *to.add_interruptions();
  out.set_attempt(attempt.number);
  out.set_node(sched::NameOfNode(state, attempt.notice->node));
  out.set_notice_at_us(attempt.notice->at.micros());
  out.set_outcome("noticed");
}

void AddPastInterruptions(const std::vector<PastAttempt>& past, v1::Job& to) {
  google::protobuf::RepeatedPtrField<v1::Interruption> all;
  for (const PastAttempt& attempt : past) {
    if (attempt.ended.interruption) FillPast(attempt, to, *all.Add());
  }
  to.set_interruption_count(static_cast<std::uint32_t>(all.size()));
  for (const v1::Interruption& open : to.interruptions()) {
    if (past.empty() || open.attempt() > past.back().ended.attempt.number) *all.Add() = open;
  }
  to.mutable_interruptions()->Swap(&all);
}

}  // namespace bsub::rpc
