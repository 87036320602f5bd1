// The seven states of AWS Batch (docs.aws.amazon.com/batch, "Job states"), the allowed moves between them,
// and the words other systems use for them. docs/rfcs/0001-lifecycle.md draws the same table.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "jobs/end.h"

namespace bsub {

enum class JobState : std::uint8_t {
  kSubmitted,
  kPending,
  kRunnable,
  kStarting,
  kRunning,
  kSucceeded,
  kFailed
};
inline constexpr int kJobStateCount = 7;

constexpr bool IsOver(JobState s) { return s == JobState::kSucceeded || s == JobState::kFailed; }
constexpr bool IsLive(JobState s) { return s == JobState::kStarting || s == JobState::kRunning; }
constexpr bool IsWaiting(JobState s) { return !IsOver(s) && !IsLive(s); }

std::string_view ToString(JobState state);  // "RUNNABLE"
// Any case. LSF's and Slurm's words are understood too; their one word for all waiting jobs (PEND, PD) gives
// RUNNABLE.
std::optional<JobState> ParseJobState(std::string_view text);

// What can happen to a task (a plain job or one child of an array).
enum class TaskEvent : std::uint8_t {
  kDependenciesMet,    // nothing is waited for any more
  kDependenciesUnmet,  // a requeued parent is waited for again
  kPlaced,             // nodes chosen, launch recorded
  kStarted,            // the process runs
  kSucceeded,          // exit code 0
  kRetry,              // the attempt ended and another follows
  kFailed,             // the attempt ended and none follows
  kEnded,              // ended without an attempt: cancelled, dependency failed
  kRequeued,           // sent back to the queue by a person, after its end
};
inline constexpr int kTaskEventCount = 9;

std::string_view ToString(TaskEvent event);

// The state after `event`, or nothing if the event is not allowed in `from`.
std::optional<JobState> Next(JobState from, TaskEvent event);

// Views for other systems' users. Only words that their clients know, since most take an unknown word for a
// failure.
struct StateView {
  std::string_view lsf;          // bjobs STAT
  std::string_view slurm_long;   // squeue %T
  std::string_view slurm_short;  // squeue %t
};
// `end` tells Slurm's kinds of FAILED apart (CANCELLED, TIMEOUT, …).
StateView ViewOf(JobState state, bool held, EndKind end = EndKind::kNone);

}  // namespace bsub
