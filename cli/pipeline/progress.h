// How far a pipeline is, as text: one line per step, with a bar. Pure; who prints is cli/pipeline/reporter.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/pipeline/cluster.h"

namespace bsub::cli {

enum class StepState : std::uint8_t {
  kWaiting,
  kRunning,
  kSucceeded,
  kFailed,
  kBlocked,    // never ran (in part): something it needs failed
  kNotNeeded,  // it waits for a failure that did not happen
};

constexpr bool IsOver(StepState state) { return state >= StepState::kSucceeded; }

struct StepProgress {
  std::string name;
  std::uint64_t job = 0;
  TaskCounts counts;
  StepState state = StepState::kWaiting;
};

// "align  [#####>>.........]  5/8  2 running  job 12", at most `width` columns.
std::string ProgressLine(const StepProgress& step, std::size_t name_width, std::size_t width);

// As many lines as fit in `height`: when they do not, steps that are over are counted in one line at the top.
std::vector<std::string> ProgressLines(const std::vector<StepProgress>& steps, std::size_t width,
                                       std::size_t height);

}  // namespace bsub::cli
