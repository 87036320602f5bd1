#include "kernels/host/snapshot.h"

#include <gtest/gtest.h>

#include <cstring>
#include <thread>

namespace bsub::kernels {
namespace {

constexpr TableShape kShape{5, 4, 1};

void FinishWith(SharedTable& table, std::uint64_t child, Outcome outcome, std::uint32_t value) {
  std::memcpy(table.record(child), &value, sizeof value);
  table.Finish(child, outcome);
}

TEST(Snapshot, CopiesWhatIsFinishedAndNothingElse) {
  auto table = SharedTable::Create(kShape, "");
  ASSERT_TRUE(table);
  FinishWith(*table, 1, Outcome::kSucceeded, 0x11111111);
  std::memset(table->record(3), 0xff, 4);  // in the midst of a call
  Snapshot snapshot(kShape);
  EXPECT_EQ(snapshot.TakeFrom(*table), 1u);
  EXPECT_EQ(snapshot.outcomes(), (std::vector<std::uint16_t>{0, 1, 0, 0, 0}));
  EXPECT_EQ(snapshot.records()[4], 0x11);
  EXPECT_EQ(snapshot.records()[12], 0) << "half a record is not copied";

  FinishWith(*table, 3, OutcomeOfReturn(2), 7);
  EXPECT_EQ(snapshot.TakeFrom(*table), 1u) << "only the new one";
  EXPECT_EQ(snapshot.TakeFrom(*table), 0u);
  EXPECT_EQ(snapshot.finished(), 2u);
  EXPECT_EQ(snapshot.failed(), 1u);
  EXPECT_EQ(snapshot.records()[12], 7);
}

TEST(Snapshot, GoesIntoAnotherTable) {
  auto table = SharedTable::Create(kShape, "");
  FinishWith(*table, 2, OutcomeOfReturn(9), 42);
  Snapshot snapshot(kShape);
  snapshot.TakeFrom(*table);
  Snapshot loaded(kShape);
  loaded.outcomes() = snapshot.outcomes();
  loaded.records() = snapshot.records();
  loaded.CountAgain();
  EXPECT_EQ(loaded.finished(), 1u);
  EXPECT_EQ(loaded.failed(), 1u);
  auto next = SharedTable::Create(kShape, "");
  loaded.GiveTo(*next);
  EXPECT_EQ(next->outcome(2), OutcomeOfReturn(9));
  EXPECT_EQ(*next->record(2), 42);
  EXPECT_EQ(next->outcome(1), Outcome::kUnfinished);
}

// A writer goes through the table while copies are taken: each finished child's record is whole in each of
// them.
TEST(Snapshot, IsConsistentWhileTheWorkerWrites) {
  constexpr TableShape kLarge{20'000, 64, 1};
  auto table = SharedTable::Create(kLarge, "");
  ASSERT_TRUE(table);
  std::thread writer([&] {
    for (std::uint64_t child = 0; child < kLarge.children; ++child) {
      std::memset(table->record(child), static_cast<int>(child % 251) + 1, kLarge.record_bytes);
      table->Finish(child, Outcome::kSucceeded);
    }
  });
  Snapshot snapshot(kLarge);
  while (snapshot.finished() < kLarge.children) {
    snapshot.TakeFrom(*table);
    for (std::uint64_t child = 0; child < kLarge.children; child += 97) {
      const int expected = snapshot.outcomes()[child] == 0 ? 0 : static_cast<int>(child % 251) + 1;
      ASSERT_EQ(snapshot.records()[child * 64], expected);
      ASSERT_EQ(snapshot.records()[child * 64 + 63], expected);
    }
  }
  writer.join();
}

}  // namespace
}  // namespace bsub::kernels
