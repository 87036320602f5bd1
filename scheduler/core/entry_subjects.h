// Which jobs and tasks a journal entry is about.
#pragma once

#include <set>

#include "scheduler/core/entry.h"

namespace bsub::sched {

std::set<JobId> JobsOf(const JournalEntry& entry);
// Is the entry about this job, or about this one task of it?
bool Concerns(const JournalEntry& entry, const TaskSelector& target);

}  // namespace bsub::sched
