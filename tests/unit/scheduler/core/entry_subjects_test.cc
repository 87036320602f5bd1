#include "scheduler/core/entry_subjects.h"

#include <gtest/gtest.h>

namespace bsub::sched {
namespace {

JournalEntry Entry(EntryBody body) { return {Sequence(1), TimePoint(), std::move(body)}; }

TEST(EntrySubjects, AreJobsAndTasks) {
  TasksEnded ended;
  ended.job = JobId(2);
  ended.tasks = {{3, 5}};
  const JournalEntry entry = Entry(ended);
  EXPECT_TRUE(Concerns(entry, {JobId(2), std::nullopt}));
  EXPECT_TRUE(Concerns(entry, {JobId(2), 4}));
  EXPECT_FALSE(Concerns(entry, {JobId(2), 6}));
  EXPECT_FALSE(Concerns(entry, {JobId(3), std::nullopt}));
  JobSubmitted submitted;
  submitted.id = JobId(2);
  EXPECT_TRUE(Concerns(Entry(submitted), {JobId(2), 0}));
  EXPECT_TRUE(JobsOf(Entry(NodeRemoved{})).empty());
}

}  // namespace
}  // namespace bsub::sched
