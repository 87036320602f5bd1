#include "worker/spawner/slot_record.h"

#include <gtest/gtest.h>

#include <limits>

#include "worker/spawner/task_slots.h"

namespace bsub::spawner {
namespace {

const worker::AttemptKey kSlotKey{JobId(12), 3, 1};
const SeenExit kSeen{.wait_status = 0x0300,
                     .user_us = 1,
                     .system_us = 2,
                     .elapsed_us = 3'000'000'000,
                     .max_rss_bytes = 4,
                     .read_bytes = 5,
                     .write_bytes = 6};

TEST(ExitRecord, IsReadBackAsWritten) {
  EXPECT_EQ(DecodeExit(kSlotKey, EncodeExit(kSlotKey, kSeen)), kSeen);
  EXPECT_EQ(DecodeExit(kSlotKey, EncodeExit(kSlotKey, {})), SeenExit{});
}

TEST(ExitRecord, IsOfOneAttempt) { EXPECT_FALSE(DecodeExit({JobId(12), 3, 2}, EncodeExit(kSlotKey, kSeen))); }

TEST(ExitRecord, TheLongestFitsASlot) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::uint32_t kOrdinal = std::numeric_limits<std::uint32_t>::max();
  const worker::AttemptKey key{JobId(std::numeric_limits<std::uint64_t>::max()), kOrdinal, kOrdinal};
  EXPECT_LE(EncodeExit(key, {0xffff, kMost, kMost, kMost, kMost, kMost, kMost}).size(), kSlotLineBytes);
}

TEST(ExitRecord, ATornOrChangedFileIsNoRecord) {
  const std::string text = EncodeExit(kSlotKey, kSeen);
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(DecodeExit(kSlotKey, text.substr(0, length))) << length;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    EXPECT_FALSE(DecodeExit(kSlotKey, changed)) << i;
  }
  EXPECT_FALSE(DecodeExit(kSlotKey, text + " "));
  EXPECT_FALSE(DecodeExit(kSlotKey, "exit1 12.3.1 a b c d e f g h\n"));
}

const SlotTask kTask{kSlotKey, 7, 1234, 99, 1233, 98, "12.3.1.7"};

TEST(TaskRecord, IsReadBackAsWritten) {
  EXPECT_EQ(DecodeTask(EncodeTask(kTask)), kTask);
  SlotTask without_group = kTask;
  without_group.cgroup.clear();
  EXPECT_EQ(DecodeTask(EncodeTask(without_group)), without_group);
}

TEST(TaskRecord, TheLongestFitsASlot) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  constexpr std::uint32_t kOrdinal = std::numeric_limits<std::uint32_t>::max();
  constexpr pid_t kPid = std::numeric_limits<pid_t>::max();
  const worker::AttemptKey key{JobId(kMost), kOrdinal, kOrdinal};
  const SlotTask task{key, kMost, kPid, kMost, kPid, kMost, ToString(key) + "." + std::to_string(kMost)};
  EXPECT_EQ(DecodeTask(EncodeTask(task)), task);
  EXPECT_LE(EncodeTask(task).size(), kSlotLineBytes);
}

TEST(TaskRecord, ATornOrChangedLineIsNoRecord) {
  const std::string text = EncodeTask(kTask);
  for (std::size_t length = 0; length < text.size(); ++length)
    EXPECT_FALSE(DecodeTask(text.substr(0, length))) << length;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    EXPECT_FALSE(DecodeTask(changed)) << i;
  }
  EXPECT_FALSE(DecodeTask(EncodeExit(kSlotKey, kSeen)));
}

}  // namespace
}  // namespace bsub::spawner
