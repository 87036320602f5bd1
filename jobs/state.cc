#include "jobs/state.h"

#include <array>
#include <utility>

#include "jobs/text.h"

namespace bsub {
namespace {

struct Move {
  JobState from;
  TaskEvent event;
  JobState to;
};

using enum JobState;

// The whole life of a task. What is not listed is not allowed.
constexpr std::array kMoves = {
    Move{kSubmitted, TaskEvent::kDependenciesMet, kRunnable},
    Move{kPending, TaskEvent::kDependenciesMet, kRunnable},
    Move{kSubmitted, TaskEvent::kDependenciesUnmet, kPending},
    Move{kRunnable, TaskEvent::kDependenciesUnmet, kPending},
    Move{kRunnable, TaskEvent::kPlaced, kStarting},
    Move{kStarting, TaskEvent::kStarted, kRunning},
    // A task may be over before its start was reported: STARTING ends like RUNNING.
    Move{kStarting, TaskEvent::kSucceeded, kSucceeded},
    Move{kRunning, TaskEvent::kSucceeded, kSucceeded},
    Move{kStarting, TaskEvent::kRetry, kRunnable},
    Move{kRunning, TaskEvent::kRetry, kRunnable},
    Move{kStarting, TaskEvent::kFailed, kFailed},
    Move{kRunning, TaskEvent::kFailed, kFailed},
    Move{kSubmitted, TaskEvent::kEnded, kFailed},
    Move{kPending, TaskEvent::kEnded, kFailed},
    Move{kRunnable, TaskEvent::kEnded, kFailed},
    // Not RUNNABLE: the dependencies are looked at again.
    Move{kSucceeded, TaskEvent::kRequeued, kPending},
    Move{kFailed, TaskEvent::kRequeued, kPending},
};

struct Word {
  std::string_view text;  // lower case
  JobState state;
};

constexpr std::array kWords = {
    Word{"submitted", kSubmitted},
    Word{"pending", kPending},
    Word{"runnable", kRunnable},
    Word{"starting", kStarting},
    Word{"running", kRunning},
    Word{"succeeded", kSucceeded},
    Word{"failed", kFailed},
    // LSF
    Word{"pend", kRunnable},
    Word{"psusp", kSubmitted},
    Word{"prov", kStarting},
    Word{"run", kRunning},
    Word{"ususp", kRunning},
    Word{"ssusp", kRunning},
    Word{"unkwn", kRunning},
    Word{"done", kSucceeded},
    Word{"exit", kFailed},
    Word{"zombi", kFailed},
    // Slurm
    Word{"pd", kRunnable},
    Word{"configuring", kStarting},
    Word{"cf", kStarting},
    Word{"r", kRunning},
    Word{"completing", kRunning},
    Word{"cg", kRunning},
    Word{"suspended", kRunning},
    Word{"s", kRunning},
    Word{"completed", kSucceeded},
    Word{"cd", kSucceeded},
    Word{"f", kFailed},
    Word{"cancelled", kFailed},
    Word{"ca", kFailed},
    Word{"timeout", kFailed},
    Word{"to", kFailed},
    Word{"node_fail", kFailed},
    Word{"nf", kFailed},
    Word{"out_of_memory", kFailed},
    Word{"oom", kFailed},
};

StateView ViewOfFailure(EndKind end) {
  switch (end) {
    case EndKind::kCancelled:
      return {"EXIT", "CANCELLED", "CA"};
    case EndKind::kTimedOut:
      return {"EXIT", "TIMEOUT", "TO"};
    case EndKind::kOutOfMemory:
      return {"EXIT", "OUT_OF_MEMORY", "OOM"};
    case EndKind::kNodeLost:
      return {"EXIT", "NODE_FAIL", "NF"};
    // Slurm cancels a job whose dependency can never be met.
    case EndKind::kDependencyFailed:
      return {"EXIT", "CANCELLED", "CA"};
    case EndKind::kNone:
    case EndKind::kExited:
    case EndKind::kSignalled:
    case EndKind::kNeverStarted:
    case EndKind::kRequeued:
      return {"EXIT", "FAILED", "F"};
  }
  return {"EXIT", "FAILED", "F"};
}

}  // namespace

std::string_view ToString(JobState state) {
  switch (state) {
    case kSubmitted:
      return "SUBMITTED";
    case kPending:
      return "PENDING";
    case kRunnable:
      return "RUNNABLE";
    case kStarting:
      return "STARTING";
    case kRunning:
      return "RUNNING";
    case kSucceeded:
      return "SUCCEEDED";
    case kFailed:
      return "FAILED";
  }
  return "UNKNOWN";
}

std::optional<JobState> ParseJobState(std::string_view text) {
  const std::string wanted = ToLower(text);
  for (const Word& word : kWords) {
    if (word.text == wanted) return word.state;
  }
  return std::nullopt;
}

std::string_view ToString(TaskEvent event) {
  switch (event) {
    case TaskEvent::kDependenciesMet:
      return "dependencies met";
    case TaskEvent::kDependenciesUnmet:
      return "dependencies unmet";
    case TaskEvent::kPlaced:
      return "placed";
    case TaskEvent::kStarted:
      return "started";
    case TaskEvent::kSucceeded:
      return "succeeded";
    case TaskEvent::kRetry:
      return "retry";
    case TaskEvent::kFailed:
      return "failed";
    case TaskEvent::kEnded:
      return "ended";
    case TaskEvent::kRequeued:
      return "requeued";
  }
  return "unknown";
}

std::optional<JobState> Next(JobState from, TaskEvent event) {
  for (const Move& move : kMoves) {
    if (move.from == from && move.event == event) return move.to;
  }
  return std::nullopt;
}

StateView ViewOf(JobState state, bool held, EndKind end) {
  switch (state) {
    case kSubmitted:
    case kPending:
    case kRunnable:
      return {held ? "PSUSP" : "PEND", "PENDING", "PD"};
    // LSF shows RUN from dispatch on, and its clients take a word they do not know for a failure.
    case kStarting:
      return {"RUN", "CONFIGURING", "CF"};
    case kRunning:
      return {"RUN", "RUNNING", "R"};
    case kSucceeded:
      return {"DONE", "COMPLETED", "CD"};
    case kFailed:
      return ViewOfFailure(end);
  }
  return {"UNKWN", "UNKNOWN", "?"};
}

}  // namespace bsub
