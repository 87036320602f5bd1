#include "scheduler/core/job_edit.h"

#include <algorithm>

#include "common/check.h"

namespace bsub::sched {

JobEdit::JobEdit(Store& store, Job& job, std::optional<std::uint32_t> ordinal)
    : store_(store), job_(job), before_(CountsOf(job)), ordinal_(ordinal) {
  if (job_.array && ordinal_) store_.TakeChildTerm(job_, *ordinal_);
}

JobEdit::~JobEdit() {
  if (job_.array && ordinal_) {
    store_.PutChildTerm(job_, *ordinal_);
    store_.RefreshWord(job_, *ordinal_ / 64);
  } else if (!job_.array) {
    store_.RefreshWord(job_, 0);
  }
  store_.job_hashes_.Note(store_.state_, job_);
  TaskCounts more = CountsOf(job_);
  more -= before_;
  store_.AddCounts(job_, more);
  store_.waiting_.Update(job_);
}

Task& JobEdit::Row() {
  BSUB_CHECK(ordinal_.has_value()) << "an edit of a whole job has no row";
  if (!job_.array) return job_.task;
  const std::uint32_t given = AttemptsGiven(job_, *ordinal_);
  Task& row = job_.array->rows[*ordinal_];
  row.attempts = given;
  return row;
}

void JobEdit::DropRowIfPlain() {
  if (!job_.array) return;
  const auto it = job_.array->rows.find(*ordinal_);
  if (it == job_.array->rows.end()) return;
  const Task& row = it->second;
  const bool over = job_.array->IsOver(*ordinal_);
  const bool has_run = row.attempt || row.last_end;  // since it was last sent back
  if (!over && (has_run || row.held || row.front)) return;
  job_.array->max_attempt = std::max(job_.array->max_attempt, row.attempts);
  job_.array->rows.erase(it);
}

}  // namespace bsub::sched
