// Applies entries about the parts of attempts on several nodes.
#include <algorithm>

#include "scheduler/core/apply_checks.h"
#include "scheduler/core/job_edit.h"
#include "scheduler/core/store.h"

namespace bsub::sched {
namespace {

Status ExpectPart(const Job* job, const AttemptRef& ref, std::uint32_t part) {
  BSUB_RETURN_IF_ERROR(ExpectAttempt(job, ref));
  const Gang* gang = FindTask(*job, ref.task.ordinal)->attempt->gang.get();
  BSUB_RETURN_IF_ERROR(
      Expect(gang && part < gang->parts.size(), "a part of an attempt on several nodes", part));
  return Expect(!gang->parts[part].over, "a part that is not over", part);
}

}  // namespace

void AddUsage(const Usage& more, Usage& sum) {
  sum.user_us += more.user_us;
  sum.system_us += more.system_us;
  sum.read_bytes += more.read_bytes;
  sum.write_bytes += more.write_bytes;
  sum.elapsed_us = std::max(sum.elapsed_us, more.elapsed_us);
  sum.max_rss_bytes = std::max(sum.max_rss_bytes, more.max_rss_bytes);
}

Status Store::Do(const PartStarted& e, TimePoint /*at*/) {
  Job* job = MutableJob(e.attempt.task.job);
  BSUB_RETURN_IF_ERROR(ExpectPart(job, e.attempt, e.part));
  JobEdit edit(*this, *job, e.attempt.task.ordinal);
  edit.Row().attempt->gang->parts[e.part].started = true;
  return OkStatus();
}

Status Store::Do(const PartEnded& e, TimePoint /*at*/) {
  Job* job = MutableJob(e.attempt.task.job);
  BSUB_RETURN_IF_ERROR(ExpectPart(job, e.attempt, e.part));
  const Gang& now = *FindTask(*job, e.attempt.task.ordinal)->attempt->gang;
  BSUB_RETURN_IF_ERROR(Expect(now.live() > 1, "a part that is not the last one", e.part));
  BSUB_RETURN_IF_ERROR(Expect(!e.ends_gang || !now.ends(), "an attempt that nothing ends yet", e.part));
  BSUB_RETURN_IF_ERROR(Expect(!e.is_cause || now.ends(), "an attempt that another part ends", e.part));
  JobEdit edit(*this, *job, e.attempt.task.ordinal);
  Gang& gang = *edit.Row().attempt->gang;
  Part& part = gang.parts[e.part];
  const LiveTask task = LiveTaskOf(*job->spec.settings, *edit.Row().attempt, part.allocated);
  capacity_.Give(part.node, e.attempt, task, part.gpu_indices);
  part.over = true;
  part.started |= ProvesStart(e.end.kind);
  AddUsage(e.usage, gang.usage);
  if (e.part == kMainPart) gang.told = e.told;
  if (!e.ends_gang && !e.is_cause) return OkStatus();
  gang.ending_part = e.part;
  gang.ending = e.end;
  gang.ending_elapsed_us = e.usage.elapsed_us;
  gang.node_fault = e.node_fault;
  return OkStatus();
}

}  // namespace bsub::sched
