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
  const JobId known = turn.store.FindByToken(input.spec.token);
  if (!input.spec.token.empty() && known.valid()) return AnswerAgain(turn, input, known);
  if (!input.no_room.empty()) return ResourceExhausted(input.no_room);
  BSUB_ASSIGN_OR_RETURN(JobSpec spec, CheckSubmit(turn.settings, turn.store, input.who, input.spec));

  const JobId id(turn.state().next_job_id);
  const std::string queue = spec.settings->queue;
  const bool begins_later = spec.begin_at.set() && spec.begin_at <= turn.at && spec.begin_at > turn.wall;
  turn.Record(JobSubmitted{id, std::move(spec), begins_later});
  return SubmitAccepted{id, queue, input.spec.settings->queue.empty(), false};
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
