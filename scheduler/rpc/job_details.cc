#include "scheduler/rpc/job_details.h"

#include <string>
#include <vector>

#include "api/bsub/v1/payload.pb.h"
#include "common/utf8.h"
#include "scheduler/rpc/job_translation.h"

namespace bsub::rpc {
namespace {

// A forgotten task's end, where its attempts do not tell it.
Status AddEnd(HistoryPort& history, const sched::TaskRef& task, v1::Job& job) {
  if (job.has_exit()) return OkStatus();
  BSUB_ASSIGN_OR_RETURN(const std::optional<PastTaskEnd> end, history.EndOf(task));
  if (!end) return OkStatus();
  FillExit(end->end, *job.mutable_exit());
  job.set_reason(ToUtf8(Describe(end->end)));
  job.set_finished_at_us(end->at.micros());
  job.set_state(std::string(ToString(end->end.Succeeded() ? JobState::kSucceeded : JobState::kFailed)));
  return OkStatus();
}

// Of a child that the core still has, as a bit.
Status AddCause(HistoryPort& history, const HalfJob& half, v1::Job& job) {
  BSUB_ASSIGN_OR_RETURN(std::optional<PastTaskEnd> past, history.EndOf(*half.task));
  if (!past) return OkStatus();
  End& end = past->end;
  if (end.kind == EndKind::kDependencyFailed && !half.why_never.empty()) end.reason = half.why_never;
  FillExit(end, *job.mutable_exit());
  job.set_reason(ToUtf8(Describe(end)));
  job.set_finished_at_us(past->at.micros());
  return OkStatus();
}

}  // namespace

void AddCommand(PayloadPort& payloads, HalfJob& half) {
  const auto bytes = payloads.Get(half.command);
  v1::Command command;
  if (!bytes || !command.ParseFromString(**bytes)) return;
  for (const std::string& word : command.argv()) half.job.add_command(ToUtf8(word));
  half.job.set_script_name(ToUtf8(command.script_name()));
}

Status AddPast(HistoryPort& history, HalfJob& half) {
  if (!half.task) return OkStatus();
  BSUB_ASSIGN_OR_RETURN(const std::vector<PastAttempt> attempts, history.AttemptsOf(*half.task));
  if (half.forgotten) BSUB_RETURN_IF_ERROR(AddEnd(history, *half.task, half.job));
  if (half.never_ran && attempts.empty()) BSUB_RETURN_IF_ERROR(AddCause(history, half, half.job));
  AddPastAttempts(attempts, half.job);
  return OkStatus();
}

}  // namespace bsub::rpc
