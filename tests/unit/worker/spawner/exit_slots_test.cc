// Slots for exits: what one witness writes is not seen in another's, nor by a task that gets the slot later.
#include "worker/spawner/exit_slots.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <set>
#include <string>

namespace bsub::spawner {
namespace {

class ExitSlotsTest : public ::testing::Test {
 protected:
  ExitSlotsTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bsub-exits-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~ExitSlotsTest() override { std::filesystem::remove_all(directory_); }
  std::string path() const { return directory_ + "/exits"; }
  std::string directory_;
};

TEST_F(ExitSlotsTest, AreDistinctUntilTheyAreGivenBack) {
  auto slots = ExitSlots::Create(path());
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

TEST_F(ExitSlotsTest, HoldWhatWasWrittenAndNothingOfBefore) {
  auto slots = ExitSlots::Create(path());
  const std::uint32_t one = slots->Take().value(), two = slots->Take().value();
  EXPECT_TRUE(WriteExitSlot(slots->fd(), one, "one"));
  EXPECT_TRUE(WriteExitSlot(slots->fd(), two, std::string(kExitSlotBytes, 'x')));
  EXPECT_FALSE(WriteExitSlot(slots->fd(), one, std::string(kExitSlotBytes + 1, 'x')));
  const worker::UniqueFd again(open(path().c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(ReadExitSlot(again.get(), one), "one");
  EXPECT_EQ(ReadExitSlot(again.get(), two), std::string(kExitSlotBytes, 'x'));
  EXPECT_EQ(ReadExitSlot(again.get(), 100'000), "");
  slots->Give(one);
  EXPECT_EQ(slots->Take().value(), one);
  EXPECT_EQ(ReadExitSlot(again.get(), one), "");
}

TEST_F(ExitSlotsTest, ALateWitnessOfAnOlderSpawnerDoesNoHarm) {
  auto old_slots = ExitSlots::Create(path());
  const std::uint32_t late = old_slots->Take().value();
  auto slots = ExitSlots::Create(path());
  const std::uint32_t slot = slots->Take().value();
  ASSERT_EQ(late, slot);
  EXPECT_TRUE(WriteExitSlot(slots->fd(), slot, "new"));
  EXPECT_TRUE(WriteExitSlot(old_slots->fd(), late, "old"));
  const worker::UniqueFd again(open(path().c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(ReadExitSlot(again.get(), slot), "new");
}

}  // namespace
}  // namespace bsub::spawner
