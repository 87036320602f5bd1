#include "common/id_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "common/ids.h"

namespace bsub {
namespace {

using testing::ElementsAre;

using Names = IdMap<JobId, std::string>;

template <typename Map>
std::vector<std::pair<std::uint64_t, std::string>> Contents(const Map& map) {
  std::vector<std::pair<std::uint64_t, std::string>> all;
  for (const auto& [id, name] : map) all.emplace_back(id.value(), name);
  return all;
}

template <typename Map>
std::vector<std::uint64_t> Backwards(const Map& map) {
  std::vector<std::uint64_t> ids;
  for (auto it = map.end(); it != map.begin();) ids.push_back((--it)->first.value());
  return ids;
}

TEST(IdMap, KeepsWhatCameFirst) {
  Names names;
  EXPECT_TRUE(names.emplace(JobId(7), "seven").second);
  const auto [it, fresh] = names.emplace(JobId(7), "another");
  EXPECT_FALSE(fresh);
  EXPECT_EQ(it->second, "seven");
  EXPECT_EQ(names.size(), 1U);
  EXPECT_EQ(names.at(JobId(7)), "seven");
  EXPECT_EQ(names.Find(JobId(8)), nullptr);
  EXPECT_EQ(names.Find(JobId(7'000'000)), nullptr);
  EXPECT_THROW(names.at(JobId(6)), std::out_of_range);
}

TEST(IdMap, WhatIsInItStaysWhereItIs) {
  Names names;
  const std::string* first = &names.emplace(JobId(1), "one").first->second;
  for (std::uint64_t id = 2; id < 5000; ++id) names.emplace(JobId(id), "x");
  for (std::uint64_t id = 2; id < 5000; ++id) EXPECT_EQ(names.erase(JobId(id)), 1U);
  EXPECT_EQ(names.Find(JobId(1)), first);
  EXPECT_EQ(*first, "one");
  EXPECT_EQ(names.erase(JobId(2)), 0U);
}

TEST(IdMap, EraseReturnsWhatFollows) {
  Names names;
  for (const std::uint64_t id : {3, 31, 32, 900}) names.emplace(JobId(id), std::to_string(id));
  auto it = names.erase(names.find(JobId(31)));
  EXPECT_EQ(it->first, JobId(32));
  it = names.erase(it);
  EXPECT_EQ(it->first, JobId(900));
  it = names.erase(it);
  EXPECT_EQ(it, names.end());
  EXPECT_THAT(Contents(names), ElementsAre(std::pair(3U, "3")));
}

TEST(IdMap, IsEmptyOnceItIsMovedFrom) {
  IdMap<JobId, std::unique_ptr<int>> from;
  from.emplace(JobId(5), std::make_unique<int>(50));
  const auto to = std::move(from);
  EXPECT_EQ(*to.at(JobId(5)), 50);
  EXPECT_TRUE(from.empty());  // NOLINT: it says so
  EXPECT_EQ(from.begin(), from.end());
}

// Ids come in order, as those of jobs, and go in any; some of them come again, as from a snapshot.
TEST(IdMap, HoldsWhatAMapHolds) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&random](std::uint64_t below) {
      return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random);
    };
    Names names;
    std::map<JobId, std::string> expected;
    std::uint64_t next = 1;
    for (int step = 0; step < 3000; ++step) {
      const JobId old(1 + pick(next));
      if (pick(100) < 45) {
        next += pick(20) == 0 ? pick(2000) : 1;
        const std::string name = std::to_string(step);
        EXPECT_EQ(names.emplace(JobId(next), name).second, expected.emplace(JobId(next), name).second);
      } else if (pick(20) == 0) {
        EXPECT_EQ(names.emplace(old, "again").second, expected.emplace(old, "again").second);
      } else if (pick(30) == 0) {  // the oldest ones
        for (int i = 0; i < 50 && !expected.empty(); ++i) {
          names.erase(names.begin());
          expected.erase(expected.begin());
        }
      } else {
        EXPECT_EQ(names.erase(old), expected.erase(old));
      }
      const auto at = names.lower_bound(old);
      const auto expected_at = expected.lower_bound(old);
      ASSERT_EQ(at == names.end(), expected_at == expected.end()) << "seed " << seed << ", step " << step;
      if (at != names.end()) {
        EXPECT_EQ(at->first, expected_at->first);
      }
      const auto after = std::as_const(names).upper_bound(old);
      const auto expected_after = expected.upper_bound(old);
      ASSERT_EQ(after == names.end(), expected_after == expected.end());
      if (after != names.end()) {
        EXPECT_EQ(after->first, expected_after->first);
      }
      EXPECT_EQ(names.count(old), expected.count(old));
      ASSERT_EQ(names.size(), expected.size());
    }
    EXPECT_EQ(Contents(names), Contents(expected)) << "seed " << seed;
    EXPECT_EQ(Backwards(names), Backwards(expected)) << "seed " << seed;
    if (!expected.empty()) {
      EXPECT_EQ(names.rbegin()->first, expected.rbegin()->first);
    }
  }
}

}  // namespace
}  // namespace bsub
