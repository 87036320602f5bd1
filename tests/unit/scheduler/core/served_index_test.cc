// The order in which classes are served, compared with a plain set while it changes under a reader.
#include "scheduler/core/served_index.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <set>
#include <utility>

namespace bsub::sched {
namespace {

ServedPlace Place(std::int64_t priority, std::uint64_t job) { return {-priority, 0, true, JobId(job)}; }
ServedClass Class(std::int64_t priority, std::uint64_t job, std::int64_t cpu) {
  return {Place(priority, job), cpu, nullptr, nullptr};
}

std::vector<std::uint64_t> Rest(ServedIndex::Cursor& cursor, std::int64_t free) {
  std::vector<std::uint64_t> jobs;
  while (const ServedClass* next = cursor.Next(free)) jobs.push_back(next->place.job.value());
  return jobs;
}

TEST(ServedIndex, GoesByPriorityThenById) {
  ServedIndex index;
  for (const auto& [priority, job] : {std::pair(0, 3), {0, 1}, {5, 4}, {-1, 2}})
    index.Insert(Class(priority, static_cast<std::uint64_t>(job), 1000));
  ServedIndex::Cursor cursor(index);
  EXPECT_EQ(Rest(cursor, INT64_MAX), (std::vector<std::uint64_t>{4, 1, 3, 2}));
}

TEST(ServedIndex, PassesOverWhatIsTooLarge) {
  ServedIndex index;
  for (std::uint64_t job = 1; job <= 1000; ++job) index.Insert(Class(0, job, job % 100 == 0 ? 1000 : 8000));
  index.Insert(Class(0, 1001, 0));
  ServedIndex::Cursor cursor(index);
  EXPECT_EQ(Rest(cursor, 4000),
            (std::vector<std::uint64_t>{100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1001}));
  ServedIndex::Cursor nothing(index);
  EXPECT_EQ(Rest(nothing, 999), std::vector<std::uint64_t>{1001}) << "what needs no CPU is always tried";
}

TEST(ServedIndex, StaysWhereTheLastOneStoodIfAsked) {
  ServedIndex index;
  index.Insert(Class(0, 1, 1));
  index.Insert(Class(0, 2, 1));
  ServedIndex::Cursor cursor(index);
  EXPECT_EQ(cursor.Next(1)->place, Place(0, 1));
  cursor.StayAtLast();
  EXPECT_EQ(cursor.Next(1)->place, Place(0, 1)) << "an array that has another child";
  cursor.StayAtLast();
  index.Erase(Place(0, 1));
  EXPECT_EQ(cursor.Next(1)->place, Place(0, 2));
  EXPECT_EQ(cursor.Next(1), nullptr);
}

// What a reader sees of an index that changes: the first behind the last one it saw, as it is then.
TEST(ServedIndex, EqualsAPlainSetWhileItChanges) {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](std::uint32_t n) { return random() % n; };
    ServedIndex index;
    std::set<std::pair<ServedPlace, std::int64_t>> plain;
    std::uint64_t next_job = 1;
    std::optional<ServedIndex::Cursor> cursor;
    std::optional<ServedPlace> last;
    for (int step = 0; step < 3000; ++step) {
      const std::uint32_t what = below(10);
      if (what < 5 || plain.empty()) {
        const ServedClass added = Class(below(3), next_job++, below(16));
        index.Insert(added);
        plain.emplace(added.place, added.least_cpu_milli);
      } else if (what < 8) {
        auto it = plain.begin();
        std::advance(it, below(static_cast<std::uint32_t>(plain.size())));
        index.Erase(it->first);
        plain.erase(it);
      } else {
        if (!cursor || below(50) == 0) cursor.emplace(index), last.reset();
        const std::int64_t free = below(16);
        auto it = last ? plain.upper_bound({*last, INT64_MAX}) : plain.begin();
        while (it != plain.end() && it->second > free) ++it;
        const ServedClass* found = cursor->Next(free);
        ASSERT_EQ(found != nullptr, it != plain.end()) << "seed " << seed << ", step " << step;
        if (!found) {
          cursor.reset();
          continue;
        }
        ASSERT_EQ(found->place, it->first) << "seed " << seed << ", step " << step;
        last = found->place;
      }
    }
  }
}

}  // namespace
}  // namespace bsub::sched
