#include "cli/pipeline/progress.h"

#include <gmock/gmock.h>

namespace bsub::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

StepProgress StepOf(std::string name, TaskCounts counts, StepState state) {
  return {.name = std::move(name), .job = 12, .counts = counts, .state = state};
}

TEST(PipelineProgress, ShowsABarOfWhatIsDoneFailedAndRunning) {
  const TaskCounts counts{.total = 10, .waiting = 2, .running = 2, .succeeded = 5, .failed = 1};
  EXPECT_EQ(ProgressLine(StepOf("align", counts, StepState::kRunning), 6, 200),
            "align  [##########!!>>>>....] 5/10  2 running, 1 failed  job 12");
}

TEST(PipelineProgress, OneOfManyIsStillSeen) {
  const TaskCounts counts{.total = 10'000, .waiting = 9'998, .running = 1, .succeeded = 0, .failed = 1};
  EXPECT_THAT(ProgressLine(StepOf("a", counts, StepState::kRunning), 1, 200),
              HasSubstr("[!>..................]"));
}

TEST(PipelineProgress, FullArraysOfAnySizeFillTheBar) {
  const TaskCounts counts{.total = 1'000'000, .succeeded = 1'000'000};
  EXPECT_THAT(ProgressLine(StepOf("a", counts, StepState::kSucceeded), 1, 200),
              HasSubstr("[####################] 1000000/1000000  done"));
}

TEST(PipelineProgress, LinesAreCutToTheTerminal) {
  EXPECT_THAT(ProgressLine(StepOf("align", {.total = 1}, StepState::kWaiting), 5, 10), SizeIs(10));
}

TEST(PipelineProgress, WhatDoesNotFitIsCounted) {
  std::vector<StepProgress> steps;
  for (const char* name : {"a", "b", "c"})
    steps.push_back(StepOf(name, {.total = 1, .succeeded = 1}, StepState::kSucceeded));
  steps.push_back(StepOf("d", {.total = 1, .running = 1}, StepState::kRunning));
  EXPECT_THAT(ProgressLines(steps, 80, 4), SizeIs(4));
  EXPECT_THAT(ProgressLines(steps, 80, 3), ElementsAre("3 of 4 steps are over", HasSubstr("d [")));
}

}  // namespace
}  // namespace bsub::cli
