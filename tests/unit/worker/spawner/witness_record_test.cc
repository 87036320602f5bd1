#include <gtest/gtest.h>

#include <limits>

#include "worker/spawner/exit_slots.h"
#include "worker/spawner/witness.h"

namespace bsub::spawner {
namespace {

const worker::AttemptKey kKey{JobId(12), 3, 1};
const SeenExit kSeen{.wait_status = 0x0300,
                     .user_us = 1,
                     .system_us = 2,
                     .elapsed_us = 3'000'000'000,
                     .max_rss_bytes = 4,
                     .read_bytes = 5,
                     .write_bytes = 6};

TEST(WitnessRecord, IsReadBackAsWritten) {
  EXPECT_EQ(DecodeExit(kKey, EncodeExit(kKey, kSeen)), kSeen);
  EXPECT_EQ(DecodeExit(kKey, EncodeExit(kKey, {})), SeenExit{});
}

TEST(WitnessRecord, IsOfOneAttempt) { EXPECT_FALSE(DecodeExit({JobId(12), 3, 2}, EncodeExit(kKey, kSeen))); }

TEST(WitnessRecord, TheLongestFitsASlot) {
  constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
  constexpr std::uint32_t kOrdinal = std::numeric_limits<std::uint32_t>::max();
  const worker::AttemptKey key{JobId(std::numeric_limits<std::uint64_t>::max()), kOrdinal, kOrdinal};
  EXPECT_LE(EncodeExit(key, {0xffff, kMost, kMost, kMost, kMost, kMost, kMost}).size(), kExitSlotBytes);
}

TEST(WitnessRecord, ATornOrChangedFileIsNoRecord) {
  const std::string text = EncodeExit(kKey, kSeen);
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(DecodeExit(kKey, text.substr(0, length))) << length;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    EXPECT_FALSE(DecodeExit(kKey, changed)) << i;
  }
  EXPECT_FALSE(DecodeExit(kKey, text + " "));
  EXPECT_FALSE(DecodeExit(kKey, "exit1 12.3.1 a b c d e f g h\n"));
}

}  // namespace
}  // namespace bsub::spawner
