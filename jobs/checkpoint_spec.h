// How a job saves its state, and how it is told that its node will be taken away.
//
// The contract without a library: on a notice the program gets a signal; it saves, and exits with the code
// that says so (85, as in HTCondor's self-checkpointing jobs). It then goes on elsewhere, with the same id
// and the same checkpoint directory. docs/checkpoint-contract.md shows it in six lines of shell.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"
#include "common/time.h"
#include "jobs/end.h"

namespace bsub {

inline constexpr std::int32_t kSavedExitCode = 85;

struct CheckpointSpec {
  // Absolute; empty: none. A job's own is directory/ID, a child's directory/ID/INDEX (CheckpointPath).
  std::string directory{};
  Duration interval{};         // that its owner wants between saves; zero: the program's own choice
  std::int32_t signal = 0;     // on a notice; 0: none, the program looks at its control directory
  bool signal_group = false;   // to all of its processes, not to its main one alone
  std::int32_t exit_code = 0;  // by which it says "saved, go on elsewhere"; 0: none
  // From the notice on, saving may take so long; then the attempt is stopped. Zero: as long as the node has.
  Duration grace{};
  bool anywhere = false;  // the directory need not be one that outlives the node
  // Interrupted more often than the job's limit it goes to this queue, where it has none of its own; empty:
  // it fails.
  std::string then_queue{};
  friend auto operator<=>(const CheckpointSpec&, const CheckpointSpec&) = default;

  // Whether the program takes part: it hears of a notice, and what it has saved counts.
  bool used() const { return !directory.empty() || has_contract(); }
  bool has_contract() const { return signal != 0 || exit_code != 0; }
  bool SaidSaved(const End& end) const {
    return exit_code != 0 && end.kind == EndKind::kExited && end.code == exit_code;
  }
  // It did not catch the signal of the notice, by which it then ended.
  bool DiedOfNotice(const End& end) const {
    return signal != 0 && end.kind == EndKind::kSignalled && end.code == signal;
  }
};

// What a program has told of its saves until now.
struct SavedWork {
  std::uint64_t generation = 0;  // that it would go on from; 0: none is known
  Duration unsaved{-1};          // work that is not in it; negative: not known
  Duration age{-1};              // since its commit; negative: this attempt has committed none
  bool not_saved = false;        // it ended for a notice, and not because it had saved for it
  bool told() const { return unsaved >= Duration(0); }  // of single saves
  bool told_anything() const { return told() || not_saved || generation != 0; }
  friend bool operator==(const SavedWork&, const SavedWork&) = default;
};

struct NoticeSignal {
  std::int32_t number = 0;
  bool group = false;
};
// "USR1", "SIGUSR1", "10", and "@group" behind it. Not KILL and STOP, which no program can catch.
Result<NoticeSignal> ParseNoticeSignal(std::string_view text);
std::string ToString(const NoticeSignal& signal);  // "USR1@group"

Status Validate(const CheckpointSpec& spec, std::size_t max_path_bytes);

}  // namespace bsub
