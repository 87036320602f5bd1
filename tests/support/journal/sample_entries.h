// Entries with no field left at its default.
#pragma once

#include <vector>

#include "scheduler/core/entry.h"

namespace bsub::journal::test {

// One of each kind, without the fields that came after the first golden journal.
std::vector<sched::JournalEntry> SampleEntries();
// What needs version 2 (scheduler/journal/entry_codec.h); at most one of each kind.
std::vector<sched::JournalEntry> SampleEntriesOfVersion2();
// Those of jobs on several nodes.
std::vector<sched::JournalEntry> SampleEntriesOfVersion3();
// Those of jobs that choose their nodes: placement groups and features.
std::vector<sched::JournalEntry> SampleEntriesOfVersion4();
std::vector<sched::JournalEntry> SampleEntriesOfVersion5();
// What came to version 5 after its golden journal was made.
std::vector<sched::JournalEntry> LaterEntriesOfVersion5();
std::vector<sched::JournalEntry> SampleEntriesOfVersion6();
std::vector<sched::JournalEntry> SampleEntriesOfVersion7();
std::vector<sched::JournalEntry> SampleEntriesOfVersion8();

}  // namespace bsub::journal::test
