// Are a job's dependencies met? Answered for 64 tasks at a time, so that index-wise dependencies between
// arrays of a million children are word operations.
//
// The logic has three values per task: met, never (can no longer become met), and open (neither). A plain job
// is the lowest bit of word 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "scheduler/core/state.h"

namespace bsub::sched {

struct Verdict {
  std::uint64_t met = 0;
  std::uint64_t never = 0;
};

// Tasks 64*word … 64*word+63 of `job`; bits past its size mean nothing. A target that is gone counts as
// never.
Verdict EvaluateWord(const State& state, const Job& job, std::size_t word);

// One condition of an expression as it stands for one task.
struct ConditionStatus {
  std::string text;     // "done(12)"
  std::string because;  // "job 12 exited with code 3", "job 12 is RUNNING"
  JobId target;         // whom it looks at; not valid for sequential()
};
// The conditions that keep a task from running: with `never` those that make it impossible, else those still
// open.
std::vector<ConditionStatus> BlockingConditions(const State& state, const Job& job, std::uint32_t ordinal,
                                                bool never);

}  // namespace bsub::sched
