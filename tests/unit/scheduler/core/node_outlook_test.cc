// When a node will have room, compared with adding up what ends one after another.
#include "scheduler/core/node_outlook.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

namespace bsub::sched {
namespace {

constexpr Duration kGuess = std::chrono::minutes(1);

TimePoint At(std::int64_t seconds) { return TimePoint(seconds * 1'000'000); }
Resources Cpus(std::int64_t n) { return {n * 1000, 0, 0}; }

TEST(NodeOutlook, TasksLeaveAtTheirLimitsOrAfterAsLongAgain) {
  TasksByEnd tasks;
  tasks.Add({At(100), At(400), Cpus(2)});
  tasks.Add({At(100), TimePoint(), Cpus(1)});  // has run for 100 s: expected to end at 300
  const NodeOutlook outlook(Cpus(1), tasks, At(200), kGuess);
  EXPECT_EQ(outlook.FitsAt(Cpus(1)), At(200));
  EXPECT_EQ(outlook.FitsAt(Cpus(2)), At(300));
  EXPECT_EQ(outlook.FitsAt(Cpus(3)), At(400));
  EXPECT_EQ(outlook.FreeAt(At(300)), Cpus(2));
  EXPECT_EQ(outlook.FreeAt(At(399)), Cpus(2));
}

TEST(NodeOutlook, EqualsTheSumOfWhatEnds) {
  std::mt19937 random(1);
  const auto below = [&random](std::int64_t n) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint32_t>(n));
  };
  TasksByEnd tasks;
  std::vector<LiveTask> plain;
  for (int step = 0; step < 2000; ++step) {
    if (plain.empty() || below(5) < 3) {
      LiveTask task{At(1000 + below(100)), TimePoint(), Cpus(1 + below(4))};
      if (below(3) > 0) task.ends = task.began + std::chrono::seconds(below(200));
      tasks.Add(task);
      plain.push_back(task);
    } else {
      const auto it = plain.begin() + below(static_cast<std::int64_t>(plain.size()));
      tasks.Remove(*it);
      plain.erase(it);
    }
    const TimePoint now = At(1100 + below(150));
    std::vector<std::pair<TimePoint, Resources>> ends;
    for (const LiveTask& task : plain) ends.emplace_back(ExpectedEnd(task, now, kGuess), task.allocated);
    std::stable_sort(ends.begin(), ends.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    const Resources request = Cpus(below(20));
    Resources free = Cpus(1);
    TimePoint fits = now;
    for (const auto& [end, allocated] : ends) {
      if (request.Fits(free)) break;
      free += allocated;
      fits = end;
    }
    const NodeOutlook outlook(Cpus(1), tasks, now, kGuess);
    ASSERT_EQ(outlook.FitsAt(request), fits) << "step " << step;
    const TimePoint then = now + std::chrono::seconds(below(200));
    Resources at_then = Cpus(1);
    for (const auto& [end, allocated] : ends) {
      if (end <= then) at_then += allocated;
    }
    ASSERT_EQ(outlook.FreeAt(then), at_then) << "step " << step;
  }
}

}  // namespace
}  // namespace bsub::sched
