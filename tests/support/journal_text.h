// Journal entries and messages as one line of text each, every field that is not at its default: what
// scenarios compare and what a failed test prints.
#pragma once

#include <string>

#include "scheduler/core/entry.h"
#include "scheduler/core/explain.h"
#include "scheduler/core/message.h"

namespace bsub::testing {

std::string ToText(const sched::JournalEntry& entry);
std::string ToText(const sched::Message& message);
std::string ToText(const sched::Explanation& explanation);

}  // namespace bsub::testing
