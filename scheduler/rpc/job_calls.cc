// GetJob, When and Why: one job in full.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/utf8.h"
#include "scheduler/core/dependency_eval.h"
#include "scheduler/rpc/calls.h"
#include "scheduler/rpc/job_details.h"
#include "scheduler/rpc/job_translation.h"
#include "scheduler/rpc/outlook_calls.h"
#include "scheduler/rpc/targets.h"

namespace bsub::rpc {
namespace {

// What a look at the core gave.
struct Look {
  HalfJob half;
  Sequence seen;  // the history must have come this far
};

Result<Look> LookAt(const CoreView& view, const JobTarget& target) {
  BSUB_ASSIGN_OR_RETURN(const FoundTarget found, FindTarget(view.state(), target));
  Look look{.half = {}, .seen = view.state().last_sequence};
  HalfJob& half = look.half;
  half.command = found.job->spec.command;
  if (found.ordinal) {
    FillChild(view.state(), *found.job, *found.ordinal, half.job);
    half.never_ran = sched::NeverRan(*found.job, *found.ordinal);
    if (half.never_ran) half.why_never = sched::DescribeNever(view.state(), *found.job, *found.ordinal);
  } else {
    FillJob(view.state(), *found.job, half.job);
  }
  if (found.ordinal || !found.job->array)
    half.task = sched::TaskRef{found.job->id, found.ordinal.value_or(0)};
  if (half.job.reason().empty())
    half.job.set_reason(ToUtf8(view.scheduler.MakeShortReasons().Of(*found.job, found.ordinal)));
  return look;
}

Result<HalfJob> LookBack(HistoryPort& history, const JobTarget& target) {
  BSUB_ASSIGN_OR_RETURN(const std::optional<PastJob> past, history.FindJob(JobId(target.job)));
  if (!past) return NoSuchJob(target);
  BSUB_ASSIGN_OR_RETURN(const auto ordinal, FindOrdinal(past->submitted->spec, target));
  HalfJob half;
  half.forgotten = true;
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

// On a reader's thread.
Status Answer(const Services& services, const JobTarget& target, const Result<Look>& look, v1::Job& reply) {
  const bool forgotten = !look && look.error().code == Code::kNotFound && look.error() == NoSuchJob(target);
  if (!look && !forgotten) return look.error();
  HalfJob half;
  if (forgotten) {
    BSUB_ASSIGN_OR_RETURN(half, LookBack(services.history, target));
  } else {
    half = look->half;
    if (half.task) BSUB_RETURN_IF_ERROR(services.history.WaitApplied(look->seen));
  }
  AddCommand(services.payloads, half);
  BSUB_RETURN_IF_ERROR(AddPast(services.history, half));
  reply = std::move(half.job);
  return OkStatus();
}

}  // namespace

void GetJob(const Services& services, const v1::GetJobRequest& request, v1::Job& reply, Done done) {
  const auto target = ParseJobTarget(request.target());
  if (!target) return done(target.error());
  const Status sent = services.core.Read([&services, &reply, target = *target, done](const CoreView& view) {
    auto look = std::make_shared<Result<Look>>(LookAt(view, target));
    return [&services, &reply, target, done, look] {
      services.readers.Run(
          [&services, &reply, target, done, look] { done(Answer(services, target, *look, reply)); });
    };
  });
  if (!sent) done(sent.error());
}

void When(const Services& services, const v1::WhenRequest& request, v1::WhenReply& reply, Done done) {
  const auto target = ParseJobTarget(request.target());
  if (!target) return done(target.error());
  const Status sent = services.core.Read(
      [&services, &reply, target = *target, done](const CoreView& view) -> std::function<void()> {
        const auto found = FindTarget(view.state(), target);
        if (!found) return [done, error = found.error()] { done(error); };
        const auto forecast = view.scheduler.ForecastOf({found->job->id, found->ordinal}, view.now,
                                                        services.settings.max_forecast_steps);
        if (!forecast) return [done, error = forecast.error()] { done(error); };
        reply.set_display_id(forecast->id);
        reply.set_state(std::string(ToString(forecast->state)));
        reply.set_starts_at_us(forecast->starts_at.micros());
        reply.set_ends_at_us(forecast->ends_at.micros());
        reply.set_text(ToUtf8(forecast->text));
        reply.set_next_step(ToUtf8(forecast->next_step));
        if (!forecast->study) return [done] { done(OkStatus()); };
        return [&services, &reply, done, study = forecast->study] {
          FillOutlook(services.readers, study, *reply.mutable_outlook(), done);
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
        FillReasons(why->reasons, *reply.mutable_reasons());
        return [done] { done(OkStatus()); };
      });
  if (!sent) done(sent.error());
}

}  // namespace bsub::rpc
