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

// Tasks 64*word … 64*word+63 of `job`; bits past its size mean nothing. A condition on a job that is no
// longer known stays open: it is forgotten only when nobody waits for it, and "never" under a "!" would mean
// "met".
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

// Of `tasks`, bits of one word that can never run: each condition that makes some of them impossible, in the
// order of the expression.
struct Blocker {
  std::size_t condition = 0;  // position in the expression
  std::uint64_t tasks = 0;
};
std::vector<Blocker> NeverConditions(const State& state, const Job& job, std::size_t word,
                                     std::uint64_t tasks);
ConditionStatus StatusOfCondition(const State& state, const Job& job, std::size_t condition,
                                  std::uint32_t ordinal);

// Why one task can never run: "done(4) can never be met, job 4 exited with code 3; …". Empty if it can, or if
// that is no longer known.
std::string DescribeNever(const State& state, const Job& job, std::uint32_t ordinal);

}  // namespace bsub::sched
