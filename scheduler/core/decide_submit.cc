// A submit: idempotent by token, checked as a whole, refused without a trace or accepted with one entry.
#include "scheduler/core/submit_checks.h"
#include "scheduler/core/turn.h"

namespace bsub::sched {
namespace {

// The answer to a submit whose token is known. Tokens are random, so a second principal with the same one has
// read it somewhere: it learns nothing of the job.
Result<SubmitAccepted> AnswerAgain(const Turn& turn, const Submit& input, JobId known) {
  const JobSettings& settings = *turn.state().jobs.at(known).spec.settings;
  if (settings.owner.uid != input.who.uid) {
    return AlreadyExists("token: it was used by somebody else; submit again with a new random one");
  }
  return SubmitAccepted{known, settings.queue, input.spec.settings->queue.empty(), true};
}

Result<SubmitAccepted> Accept(Turn& turn, const Submit& input) {
  if (!input.spec.settings) return InvalidArgument("settings: missing");
  if (!input.spec.token.empty()) {
    const JobId known = turn.store.FindByToken(input.spec.token);
    if (known.valid()) return AnswerAgain(turn, input, known);
  }
  if (!input.no_room.empty()) return ResourceExhausted(input.no_room);
  JobSubmitted submitted{JobId(turn.state().next_job_id), input.spec};
  JobSpec& spec = submitted.spec;
  BSUB_RETURN_IF_ERROR(CheckSubmit(turn.settings, turn.store, input.who, spec));

  const JobId id = submitted.id;
  submitted.begins_later = spec.begin_at.set() && spec.begin_at <= turn.at && spec.begin_at > turn.wall;
  turn.Record(std::move(submitted));
  const Job& job = *turn.state().FindJob(id);
  turn.store.NoteGoodSettings(job);
  return SubmitAccepted{id, job.spec.settings->queue, input.spec.settings->queue.empty(), false};
}

}  // namespace

void Decide(Turn& turn, const Submit& input) {
  Result<SubmitAccepted> result = Accept(turn, input);
  if (!result) return turn.Answer(input.reply, Error(result.error()));
  EndDoomedTasks(turn);
  turn.WantCycle();
  if (input.reply.valid()) turn.Answer(input.reply, ReplyBody(*std::move(result)));
}

}  // namespace bsub::sched
