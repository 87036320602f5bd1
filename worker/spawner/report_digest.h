// What a program's report (docs/formats/control-directory.md) says of its state, line by line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "checkpoint/control/report.h"

namespace bsub::spawner {

// Times are of CLOCK_MONOTONIC, in nanoseconds; 0: not told.
struct SavedState {
  std::uint64_t generation = 0;  // of its own store, that the program would go on from; 0: none
  // Work since then is not in it: the moment it was taken at, or loaded, or the store was opened.
  std::int64_t work_from_ns = 0;
  std::int64_t committed_ns = 0;  // 0: this attempt has committed none
  bool stopping = false;          // it has seen a request to end
  bool stopped = false;           // it ended at a request, to go on elsewhere
  // What it goes on from was taken after the notice, and nothing failed since. Nothing: it does not tell of
  // single saves, so that how it ended counts.
  std::optional<bool> saved_for_notice;
  std::string failure;  // why its newest save failed; empty: it did not
};

class ReportDigest {
 public:
  // `store`: the task's own directory; empty: it has none, and every store counts.
  explicit ReportDigest(std::string store = "") : store_(std::move(store)) {}
  // A line; in their order.
  void Take(const control::Report& report);
  // `noticed_ns`: of the notice that the program was to save for; 0: there was none.
  SavedState Now(std::int64_t noticed_ns) const;

 private:
  void TakeGeneration(const control::Report& report);

  std::string store_;
  SavedState state_;
  bool tells_saves_ = false;
};

}  // namespace bsub::spawner
