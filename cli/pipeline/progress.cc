#include "cli/pipeline/progress.h"

#include <algorithm>

#include "jobs/text.h"

namespace bsub::cli {
namespace {

constexpr std::size_t kBarCells = 20;
constexpr std::size_t kLongestName = 30;  // columns for names; longer ones are cut

std::string Bar(const TaskCounts& counts) {
  std::string bar(kBarCells, '.');
  if (counts.total == 0) return bar;
  const auto cells = [&](std::uint64_t tasks) {
    return static_cast<std::size_t>(tasks * kBarCells / counts.total);
  };
  const std::size_t done = cells(counts.succeeded);
  const std::size_t failed = std::max<std::size_t>(cells(counts.failed), counts.failed > 0 ? 1 : 0);
  const std::size_t running = std::max<std::size_t>(cells(counts.running), counts.running > 0 ? 1 : 0);
  std::size_t at = 0;
  const auto fill = [&](std::size_t n, char c) {
    for (; n > 0 && at < kBarCells; --n) bar[at++] = c;
  };
  fill(done, '#');
  fill(failed, '!');
  fill(running, '>');
  return bar;
}

std::string Remark(const StepProgress& step) {
  switch (step.state) {
    case StepState::kSucceeded:
      return "done";
    case StepState::kNotNeeded:
      return "not needed";
    case StepState::kBlocked:
      return "did not run";
    case StepState::kFailed:
      return Count(step.counts.failed, "task", "tasks") + " failed";
    case StepState::kWaiting:
      return "waiting";
    case StepState::kRunning:
      break;
  }
  std::string text = std::to_string(step.counts.running) + " running";
  if (step.counts.failed > 0) text += ", " + std::to_string(step.counts.failed) + " failed";
  return text;
}

}  // namespace

std::string ProgressLine(const StepProgress& step, std::size_t name_width, std::size_t width) {
  std::string name = step.name.substr(0, name_width);
  name.resize(name_width, ' ');
  std::string line = name + " [" + Bar(step.counts) + "] " + std::to_string(step.counts.succeeded) + "/" +
                     std::to_string(step.counts.total) + "  " + Remark(step);
  if (step.job != 0) line += "  job " + std::to_string(step.job);
  return line.substr(0, width);
}

std::vector<std::string> ProgressLines(const std::vector<StepProgress>& steps, std::size_t width,
                                       std::size_t height) {
  std::size_t name_width = 0, over = 0;
  for (const StepProgress& step : steps) {
    name_width = std::max(name_width, std::min(step.name.size(), kLongestName));
    over += IsOver(step.state) ? 1 : 0;
  }
  std::vector<std::string> lines;
  const bool all_fit = steps.size() <= height;
  if (!all_fit) {
    lines.push_back(
        (std::to_string(over) + " of " + std::to_string(steps.size()) + " steps are over").substr(0, width));
  }
  for (const StepProgress& step : steps) {
    if (lines.size() >= height) break;
    if (all_fit || !IsOver(step.state)) lines.push_back(ProgressLine(step, name_width, width));
  }
  return lines;
}

}  // namespace bsub::cli
