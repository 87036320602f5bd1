// One entry of each kind, with no field left at its default.
#pragma once

#include <vector>

#include "scheduler/core/entry.h"

namespace bsub::journal::test {

std::vector<sched::JournalEntry> SampleEntries();

}  // namespace bsub::journal::test
