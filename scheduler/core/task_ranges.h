// The tasks of a job that are in some kind of state, found from the words of its bitmaps: a million children
// are some 16,000 words and not a million questions. A plain job is the lowest bit of word 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "scheduler/core/refs.h"
#include "scheduler/core/state.h"

namespace bsub::sched {

std::size_t WordsOf(const Job& job);

// Bits of tasks 64*word … 64*word+63.
std::uint64_t WaitingTasks(const Job& job, std::size_t word);
std::uint64_t FinishedTasks(const Job& job, std::size_t word);
std::uint64_t FailedTasks(const Job& job, std::size_t word);
using TasksOfWord = std::uint64_t (*)(const Job& job, std::size_t word);

// Appends the tasks of one word, which must be above all that are in there already.
void AddRanges(std::vector<OrdinalRange>& ranges, std::size_t word, std::uint64_t tasks);
// The tasks of a whole job, or the one child if it is such.
std::vector<OrdinalRange> Select(const Job& job, std::optional<std::uint32_t> ordinal, TasksOfWord which);
std::optional<std::uint32_t> FirstTask(const Job& job, TasksOfWord which);
std::uint64_t CountTasks(const std::vector<OrdinalRange>& ranges);

}  // namespace bsub::sched
