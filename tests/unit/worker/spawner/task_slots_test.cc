// What is written to one slot is not seen in another, nor by a task that gets the slot later.
#include "worker/spawner/task_slots.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <set>
#include <string>

namespace bsub::spawner {
namespace {

class TaskSlotsTest : public ::testing::Test {
 protected:
  TaskSlotsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bsub-exits-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~TaskSlotsTest() override { std::filesystem::remove_all(directory_); }
  std::string path() const { return directory_ + "/exits"; }
  std::string directory_;
};

TEST_F(TaskSlotsTest, AreDistinctUntilTheyAreGivenBack) {
  auto slots = TaskSlots::Create(path());
  ASSERT_TRUE(slots) << slots.error().message;
  std::set<std::uint32_t> taken;
  for (int i = 0; i < 1000; ++i) {
    const auto slot = slots->Take();
    ASSERT_TRUE(slot) << slot.error().message;
    EXPECT_TRUE(taken.insert(*slot).second) << *slot;
  }
  slots->Give(17);
  EXPECT_EQ(slots->Take().value(), 17u);
}

TEST_F(TaskSlotsTest, HoldWhatWasWrittenAndNothingOfBefore) {
  auto slots = TaskSlots::Create(path());
  const std::uint32_t one = slots->Take().value(), two = slots->Take().value();
  const std::string longest(kSlotLineBytes, 'x');
  EXPECT_TRUE(WriteSlot(slots->fd(), one, SlotLine::kTask, "one"));
  EXPECT_TRUE(WriteSlot(slots->fd(), one, SlotLine::kExit, "over"));
  EXPECT_TRUE(WriteSlot(slots->fd(), two, SlotLine::kTask, longest));
  EXPECT_FALSE(WriteSlot(slots->fd(), one, SlotLine::kTask, longest + "x"));
  const worker::UniqueFd again(open(path().c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(CountSlots(again.get()), 256u);
  EXPECT_EQ(ReadSlot(again.get(), one, SlotLine::kTask), "one");
  EXPECT_EQ(ReadSlot(again.get(), one, SlotLine::kExit), "over");
  EXPECT_EQ(ReadSlot(again.get(), two, SlotLine::kTask), longest);
  EXPECT_EQ(ReadSlot(again.get(), two, SlotLine::kExit), "");
  EXPECT_EQ(ReadSlot(again.get(), 100'000, SlotLine::kTask), "");
  slots->Give(one);
  EXPECT_EQ(ReadSlot(again.get(), one, SlotLine::kTask), "");
  EXPECT_EQ(ReadSlot(again.get(), one, SlotLine::kExit), "");
  EXPECT_EQ(slots->Take().value(), one);
}

TEST_F(TaskSlotsTest, ALateWitnessOfAnOlderSpawnerDoesNoHarm) {
  auto old_slots = TaskSlots::Create(path());
  const std::uint32_t late = old_slots->Take().value();
  auto slots = TaskSlots::Create(path());
  const std::uint32_t slot = slots->Take().value();
  ASSERT_EQ(late, slot);
  EXPECT_TRUE(WriteSlot(slots->fd(), slot, SlotLine::kExit, "new"));
  EXPECT_TRUE(WriteSlot(old_slots->fd(), late, SlotLine::kExit, "old"));
  const worker::UniqueFd again(open(path().c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(ReadSlot(again.get(), slot, SlotLine::kExit), "new");
}

}  // namespace
}  // namespace bsub::spawner
