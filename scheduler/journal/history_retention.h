// What is too old for the history database goes, in bounded portions: one person's array of a million
// attempts must not hold up what everybody's jobs add meanwhile.
#pragma once

#include <cstddef>

#include "common/result.h"
#include "common/time.h"
#include "scheduler/journal/sqlite.h"

namespace bsub::journal {

// Removes at most `most` rows of jobs that finished before `before` and that the core has forgotten, of their
// attempts and ends, and of events before it. In one transaction; returns how many rows went.
Result<std::size_t> RemoveOldHistory(Database& database, TimePoint before, std::size_t most);

}  // namespace bsub::journal
