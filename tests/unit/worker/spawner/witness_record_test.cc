#include "worker/spawner/witness.h"

#include <gtest/gtest.h>

namespace bsub::spawner {
namespace {

const SeenExit kSeen{.wait_status = 0x0300,
                     .user_us = 1,
                     .system_us = 2,
                     .elapsed_us = 3'000'000'000,
                     .max_rss_bytes = 4,
                     .read_bytes = 5,
                     .write_bytes = 6};

TEST(WitnessRecord, IsReadBackAsWritten) {
  EXPECT_EQ(DecodeExit(EncodeExit(kSeen)), kSeen);
  EXPECT_EQ(DecodeExit(EncodeExit({})), SeenExit{});
}

TEST(WitnessRecord, ATornOrChangedFileIsNoRecord) {
  const std::string text = EncodeExit(kSeen);
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(DecodeExit(text.substr(0, length))) << length;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] ^= 1;
    EXPECT_FALSE(DecodeExit(changed)) << i;
  }
  EXPECT_FALSE(DecodeExit(text + " "));
  EXPECT_FALSE(DecodeExit("exit1 a b c d e f g h\n"));
}

}  // namespace
}  // namespace bsub::spawner
