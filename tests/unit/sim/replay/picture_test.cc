// What a picture shows of a schedule that can be worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "sim/replay/gantt_rows.h"
#include "sim/replay/load_series.h"
#include "sim/replay/replay_picture.h"

namespace bsub::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Four processors: one job on three of them, one on one, and one that waits 4 s for all.
const Workload kThree{.processors = 4,
                      .jobs = {{.submit = 0, .run = 6, .estimate = 6, .processors = 3},
                               {.submit = 1, .run = 5, .estimate = 5, .processors = 1},
                               {.submit = 2, .run = 4, .estimate = 4, .processors = 4}}};
const Starts kThreeStarts = {0, 1, 6};

TEST(LoadSeries, IsExactPerSlice) {
  const LoadSeries load = LoadOver(kThree, kThreeStarts, 5);  // of 2 s
  EXPECT_THAT(load.busy, ElementsAre(3.5, 4, 4, 4, 4));
  EXPECT_THAT(load.waiting, ElementsAre(0, 1, 1, 0, 0));
  EXPECT_THAT(load.longest, ElementsAre(0, 1, 1, 1, 0)) << "it still waits when the fourth slice begins";
}

TEST(GanttRows, JobsGetTheLowestProcessorsThatAreFree) {
  const auto assigned = AssignProcessors(kThree, kThreeStarts);
  EXPECT_THAT(assigned[0], ElementsAre(ProcessorRange{0, 3}));
  EXPECT_THAT(assigned[1], ElementsAre(ProcessorRange{3, 1}));
  EXPECT_THAT(assigned[2], ElementsAre(ProcessorRange{0, 4})) << "what came free is one range again";
}

TEST(GanttRows, AJobMayHaveProcessorsApartFromEachOther) {
  const Workload workload{.processors = 4,
                          .jobs = {{.submit = 0, .run = 2, .estimate = 2, .processors = 1},
                                   {.submit = 0, .run = 9, .estimate = 9, .processors = 2},
                                   {.submit = 2, .run = 2, .estimate = 2, .processors = 2}}};
  EXPECT_THAT(AssignProcessors(workload, {0, 0, 2})[2],
              ElementsAre(ProcessorRange{0, 1}, ProcessorRange{3, 1}));
}

TEST(GanttRows, ACellShowsWhatTookMostOfIt) {
  const GanttCells cells = RasterGantt(kThree, kThreeStarts, 2, 5);
  ASSERT_EQ(cells.cells.size(), 10u);
  const auto none = static_cast<std::uint8_t>(1 + static_cast<int>(WaitClass::kNone));
  const auto hour = static_cast<std::uint8_t>(1 + static_cast<int>(WaitClass::kUpToAnHour));
  EXPECT_EQ(cells.At(0, 0), none);
  EXPECT_EQ(cells.At(1, 2), none);
  EXPECT_EQ(cells.At(1, 3), hour);
  EXPECT_EQ(RasterGantt({.processors = 4, .jobs = {kThree.jobs[1]}}, {1}, 2, 1).At(1, 0), GanttCells::kIdle);
}

TEST(WaitClass, HasItsBoundsIncluded) {
  EXPECT_EQ(WaitClassOf(0), WaitClass::kNone);
  EXPECT_EQ(WaitClassOf(3600), WaitClass::kUpToAnHour);
  EXPECT_EQ(WaitClassOf(86'400), WaitClass::kUpToADay);
  EXPECT_EQ(WaitClassOf(86'401), WaitClass::kLonger);
}

TEST(ReplayPicture, NamesItsUnitsAndEachJobOfFew) {
  const std::string svg =
      DrawReplay(kThree, kThreeStarts, {"a<b>.swf", "easy, batch", Measure(kThree, kThreeStarts)});
  for (const char* text :
       {"a&lt;b&gt;.swf, policy easy, batch", "processors busy, %", "jobs waiting", "processors</text>",
        "time since the first submit, seconds", "job 3: 4 processors, 4 s, waited 4 s"})
    EXPECT_THAT(svg, HasSubstr(text));
  EXPECT_THAT(svg, ::testing::Not(HasSubstr("nan")));
}

// The worst for its size: cells that all differ from their neighbours.
TEST(ReplayPicture, OfManyJobsStaysSmall) {
  Workload workload{.processors = 1000, .jobs = {}};
  Starts starts;
  for (std::int64_t i = 0; i < 100'000; ++i) {
    const std::int64_t start = i / 100 * 10;
    workload.jobs.push_back(
        {.submit = start - i * 7919 % 4 * 40'000 - i % 3, .run = 10, .estimate = 10, .processors = 10});
    starts.push_back(start);
  }
  for (WorkloadJob& job : workload.jobs) job.submit = std::max<std::int64_t>(job.submit, 0);
  workload.jobs.front().submit = 0;
  const std::string svg = DrawReplay(workload, starts, {"log", "easy, batch", Measure(workload, starts)});
  EXPECT_LT(svg.size(), 2'000'000u);
  EXPECT_THAT(svg, HasSubstr("each cell: what took most of it"));
}

}  // namespace
}  // namespace bsub::sim
