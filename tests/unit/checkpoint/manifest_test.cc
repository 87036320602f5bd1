#include "checkpoint/src/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/src/checked_text.h"

namespace bsub::ckpt {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Manifest Example() {
  Manifest manifest;
  manifest.generation = 7;
  manifest.step = 1200;
  manifest.epoch = 3;
  manifest.attempt = "job 12, attempt 2";
  manifest.saved_utc = "2026-11-22T05:00:00Z";
  manifest.base = 5;
  manifest.master_bytes = 4096;
  manifest.master_checksum = 0xabcdef;
  manifest.datasets = {{"u", "float64", {4, 3}}};
  manifest.values = {{"t", "float64", 1, std::string("\0\1\2\3\4\5\6\xff", 8)}};
  const StoredPart first{"u", {{0, 0}, {2, 3}}, {0, 1}, {{1, 7, 2048, 0, 0}, {2, 5, 2072, 0, 0}}};
  const StoredPart second{"u", {{2, 0}, {2, 3}}, {0, 2}, {{3, 7, 2048, 31, 99}}};
  manifest.shards = {{0, 9000, 11, 24, {first}}, {1, 8000, 12, 31, {second}}};
  return manifest;
}

TEST(Manifest, ComesBackAsItWas) {
  const auto read = Decode(Encode(Example()));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, Example());
  EXPECT_EQ(read->state_bytes(), 96u);
  EXPECT_EQ(read->written_bytes(), 55u);
  EXPECT_THAT(read->sources(), ElementsAre(5, 7));
}

TEST(Manifest, EveryChangedBitShows) {
  const std::string good = Encode(Example());
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      EXPECT_FALSE(Decode(bad)) << "byte " << i << ", bit " << bit;
    }
  }
}

TEST(Manifest, EveryShorterOrLongerOneShows) {
  const std::string good = Encode(Example());
  for (std::size_t i = 0; i < good.size(); ++i) EXPECT_FALSE(Decode(good.substr(0, i))) << i;
  EXPECT_FALSE(Decode(good + " "));
}

// A checksum is no proof of sense: whoever writes manifests by hand gets a reason.
TEST(Manifest, NonsenseWithAGoodChecksumIsRefused) {
  const auto refused = [](const std::function<void(Manifest&)>& change) {
    Manifest manifest = Example();
    change(manifest);
    const auto read = Decode(Encode(manifest));
    return read ? std::string("accepted") : read.error().message;
  };
  EXPECT_THAT(refused([](Manifest& m) { m.datasets[0].type = "float128"; }), HasSubstr("type of u"));
  EXPECT_THAT(refused([](Manifest& m) {
                m.datasets[0].shape = {1ull << 40, 1ull << 40};
              }),
              HasSubstr("shape of u"));
  EXPECT_THAT(refused([](Manifest& m) { m.shards[0].parts[0].box.offset = {3, 0}; }), HasSubstr("outside"));
  EXPECT_THAT(refused([](Manifest& m) { m.shards[0].parts[0].dataset = "v"; }), HasSubstr("unknown dataset"));
  EXPECT_THAT(refused([](Manifest& m) { m.shards[0].parts[0].blocks.pop_back(); }),
              HasSubstr("number of blocks"));
  EXPECT_THAT(refused([](Manifest& m) { m.shards[0].parts[0].blocks[0].generation = 8; }),
              HasSubstr("generation"));
  EXPECT_THAT(refused([](Manifest& m) {
                m.shards.pop_back();
                m.shards[0].rank = 1;
              }),
              HasSubstr("order"));
  EXPECT_THAT(refused([](Manifest& m) { m.shards.clear(); }), HasSubstr("no shards"));
  EXPECT_THAT(refused([](Manifest& m) { m.values[0].count = 2; }), HasSubstr("value t"));
}

TEST(CheckedText, SaysWhatIsWrong) {
  const std::string text = AddChecksum("a-format", "body\n");
  EXPECT_EQ(*CheckChecksum("a-format", text), "body\n");
  EXPECT_THAT(CheckChecksum("a-format", text + "x").error().message, HasSubstr("checksum"));
  EXPECT_THAT(CheckChecksum("another", text).error().message, HasSubstr("another, version 1"));
}

}  // namespace
}  // namespace bsub::ckpt
