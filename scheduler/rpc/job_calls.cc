// GetJob and Why: one job in full.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/bsub/v1/payload.pb.h"
#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/job_translation.h"
#include "scheduler/rpc/targets.h"

namespace bsub::rpc {
namespace {

// What a look at the core gave, and what is still to be read elsewhere.
struct HalfJob {
  v1::Job job;
  PayloadHash command;
  std::optional<sched::TaskRef> task;  // whose finished attempts to add; nothing: an array as a whole
  Sequence seen;                       // the history must have come this far
};

void AddShortReason(const CoreView& view, const sched::TaskSelector& target, v1::Job& job) {
  if (!job.reason().empty()) return;
  const auto why = view.scheduler.Explain(target, view.now);
  if (why && !why->reasons.empty()) job.set_reason(why->reasons.front().text);
}

Result<HalfJob> LookAt(const CoreView& view, const JobTarget& target) {
  BSUB_ASSIGN_OR_RETURN(const FoundTarget found, FindTarget(view.state(), target));
  HalfJob half;
  half.command = found.job->spec.command;
  half.seen = view.state().last_sequence;
  if (found.ordinal) {
    FillChild(view.state(), *found.job, *found.ordinal, half.job);
  } else {
    FillJob(view.state(), *found.job, half.job);
  }
  if (found.ordinal || !found.job->array)
    half.task = sched::TaskRef{found.job->id, found.ordinal.value_or(0)};
  AddShortReason(view, {found.job->id, found.ordinal}, half.job);
  return half;
}

Result<HalfJob> LookBack(HistoryPort& history, const JobTarget& target) {
  BSUB_ASSIGN_OR_RETURN(const std::optional<PastJob> past, history.FindJob(JobId(target.job)));
  if (!past) return NoSuchJob(target);
  BSUB_ASSIGN_OR_RETURN(const auto ordinal, FindOrdinal(past->submitted->spec, target));
  HalfJob half;
  half.command = past->submitted->spec.command;
  FillPastJob(*past, half.job);
  if (ordinal || !past->submitted->spec.array)
    half.task = sched::TaskRef{JobId(target.job), ordinal.value_or(0)};
  if (!ordinal) return half;
  half.job.set_index(*target.index);
  half.job.set_display_id(ToString(target));
  half.job.clear_array();
  half.job.set_finished_at_us(0);  // the child's own comes with its attempts
  return half;
}

void AddCommand(PayloadPort& payloads, const PayloadHash& hash, v1::Job& job) {
  const auto bytes = payloads.Get(hash);
  v1::Command command;
  if (!bytes || !command.ParseFromString(**bytes))
    return;  // collected with an old job: the rest is still worth showing
  *job.mutable_command() = command.argv();
  job.set_script_name(command.script_name());
}

// A forgotten task's end, where its attempts do not tell it.
Status AddEnd(HistoryPort& history, const sched::TaskRef& task, v1::Job& job) {
  if (job.has_exit()) return OkStatus();
  BSUB_ASSIGN_OR_RETURN(const std::optional<PastTaskEnd> end, history.EndOf(task));
  if (!end) return OkStatus();
  FillExit(end->end, *job.mutable_exit());
  job.set_reason(Describe(end->end));
  job.set_finished_at_us(end->at.micros());
  job.set_state(std::string(ToString(end->end.Succeeded() ? JobState::kSucceeded : JobState::kFailed)));
  return OkStatus();
}

Status Complete(const Services& services, HalfJob& half, bool forgotten) {
  AddCommand(services.payloads, half.command, half.job);
  if (!half.task) return OkStatus();
  BSUB_RETURN_IF_ERROR(services.history.WaitApplied(half.seen));
  BSUB_ASSIGN_OR_RETURN(const std::vector<PastAttempt> attempts, services.history.AttemptsOf(*half.task));
  if (forgotten && !half.job.has_exit()) BSUB_RETURN_IF_ERROR(AddEnd(services.history, *half.task, half.job));
  AddPastAttempts(attempts, half.job);
  return OkStatus();
}

// On a reader's thread.
Status Answer(const Services& services, const JobTarget& target, Result<HalfJob> half, v1::Job& reply) {
  const bool forgotten = !half && half.error().code == Code::kNotFound && half.error() == NoSuchJob(target);
  if (forgotten) half = LookBack(services.history, target);
  if (!half) return half.error();
  BSUB_RETURN_IF_ERROR(Complete(services, *half, forgotten));
  reply = std::move(half->job);
  return OkStatus();
}

}  // namespace

void GetJob(const Services& services, const v1::GetJobRequest& request, v1::Job& reply, Done done) {
  const auto target = ParseJobTarget(request.target());
  if (!target) return done(target.error());
  const Status sent = services.core.Read([&services, &reply, target = *target, done](const CoreView& view) {
    auto half = std::make_shared<Result<HalfJob>>(LookAt(view, target));
    return [&services, &reply, target, done, half] {
      services.readers.Run([&services, &reply, target, done, half] {
        done(Answer(services, target, std::move(*half), reply));
      });
    };
  });
  if (!sent) done(sent.error());
}

void Why(const Services& services, const v1::WhyRequest& request, v1::WhyReply& reply, Done done) {
  const auto target = ParseJobTarget(request.target());
  if (!target) return done(target.error());
  const Status sent =
      services.core.Read([&reply, target = *target, done](const CoreView& view) -> std::function<void()> {
        const auto found = FindTarget(view.state(), target);
        if (!found) return [done, error = found.error()] { done(error); };
        const auto why = view.scheduler.Explain({found->job->id, found->ordinal}, view.now);
        if (!why) return [done, error = why.error()] { done(error); };
        reply.set_display_id(why->id);
        reply.set_state(std::string(ToString(why->state)));
        reply.set_held(why->held);
        reply.set_waiting_children(why->waiting_children);
        for (const sched::Reason& reason : why->reasons) {
          v1::Reason& out = *reply.add_reasons();
          out.set_code(std::string(sched::ToString(reason.code)));
          out.set_text(reason.text);
          out.set_next_step(reason.next_step);
          out.mutable_evidence()->Assign(reason.evidence.begin(), reason.evidence.end());
        }
        return [done] { done(OkStatus()); };
      });
  if (!sent) done(sent.error());
}

}  // namespace bsub::rpc
