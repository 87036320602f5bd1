// Applies entries about nodes that are to be taken away.
#include "scheduler/core/apply_checks.h"
#include "scheduler/core/job_edit.h"
#include "scheduler/core/store.h"

namespace bsub::sched {

std::string_view ToString(NoticeKind kind) {
  switch (kind) {
    case NoticeKind::kInterruption:
      return "interruption";
    case NoticeKind::kDrain:
      return "drain";
    case NoticeKind::kDrill:
      return "drill";
    case NoticeKind::kPreempted:
      return "preempted";
  }
  return "interruption";
}

Status Store::Do(const NodeNoticeSet& e, TimePoint at) {
  BSUB_RETURN_IF_ERROR(Expect(state_.nodes.count(e.node) != 0, "a known node", e.node.value()));
  EditNode(e.node, [&](Node& node) {
    node.notice.reset();
    if (e.ends_at.set()) node.notice = NodeNotice{at, e.ends_at, e.kind, e.by, e.reason};
  });
  return OkStatus();
}

Status Store::Do(const AttemptNoticed& e, TimePoint at) {
  Job* job = MutableJob(e.attempt.task.job);
  BSUB_RETURN_IF_ERROR(ExpectAttempt(job, e.attempt));
  BSUB_RETURN_IF_ERROR(Expect(state_.nodes.count(e.node) != 0, "a known node", e.node.value()));
  JobEdit edit(*this, *job, e.attempt.task.ordinal);
  EditAttempt(*job, *edit.Row().attempt, [&e, at](Attempt& attempt) {
    if (!e.ends_at.set()) {
      attempt.notice.reset();
      return;
    }
    const TimePoint first = attempt.notice ? attempt.notice->at : at;
    attempt.notice =
        std::make_unique<AttemptNotice>(AttemptNotice{e.node, first, e.ends_at, e.kind, e.preempted_for});
  });
  return OkStatus();
}

}  // namespace bsub::sched
