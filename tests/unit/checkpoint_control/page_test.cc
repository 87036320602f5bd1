#include "checkpoint/control/page.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace bsub::control {
namespace {

class PageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "bsub-page-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::string directory_;
};

TEST_F(PageTest, WhatIsWrittenIsRead) {
  PageWriter writer;
  ASSERT_EQ(writer.Open(directory_), 0);
  PageReader reader;
  ASSERT_EQ(reader.Open(directory_), 0);
  EXPECT_EQ(reader.Read(), PageState());
  const PageState state{3, 1, Reason::kInterruption, 81'000'000'000, 7'200'000, 30'000};
  writer.Write(state);
  EXPECT_EQ(reader.Read(), state);
}

TEST_F(PageTest, ANewWriterFindsWhatTheOldOneSaid) {
  const PageState state{3, 1, Reason::kDrain, 5, 6, 7};
  {
    PageWriter writer;
    ASSERT_EQ(writer.Open(directory_), 0);
    writer.Write(state);
  }
  PageWriter again;
  ASSERT_EQ(again.Open(directory_), 0);
  EXPECT_EQ(again.state(), state);
}

// Offsets as in docs/formats/control-directory.md: other languages read them.
TEST_F(PageTest, TheBytesAreWhereTheDocumentSays) {
  const std::string bytes = EncodePage({0x11, 0x22, Reason::kDrill, 0x33, 0x44, 0x55});
  ASSERT_EQ(bytes.size(), kPageBytes);
  EXPECT_EQ(bytes.substr(0, 8), "BSUBCTL1");
  const auto byte = [&](std::size_t at) { return static_cast<int>(static_cast<unsigned char>(bytes[at])); };
  EXPECT_EQ(byte(8), 1);
  EXPECT_EQ(byte(13), 4096 >> 8);
  EXPECT_EQ(byte(24), 0x11);
  EXPECT_EQ(byte(32), 0x22);
  EXPECT_EQ(byte(40), 6);
  EXPECT_EQ(byte(48), 0x33);
  EXPECT_EQ(byte(56), 0x44);
  EXPECT_EQ(byte(64), 0x55);
}

TEST_F(PageTest, AFileThatIsNoPageIsRefused) {
  const auto open = [&](const std::string& bytes) {
    std::ofstream(directory_ + "/page", std::ios::binary) << bytes;
    PageReader reader;
    return reader.Open(directory_);
  };
  PageReader none;
  EXPECT_EQ(none.Open(directory_), ENOENT);
  EXPECT_EQ(open("short"), EPROTO);
  std::string other = EncodePage({});
  other[8] = 2;  // the version
  EXPECT_EQ(open(other), EPROTO);
  EXPECT_EQ(open(EncodePage({})), 0);
}

TEST_F(PageTest, AReaderNeverSeesHalfOfAChange) {
  PageWriter writer;
  ASSERT_EQ(writer.Open(directory_), 0);
  std::atomic<bool> stop{false};
  std::jthread changes([&] {
    for (std::uint64_t i = 1; !stop; ++i) {
      writer.Write({i, i, Reason::kNone, static_cast<std::int64_t>(i), i, i});
    }
  });
  PageReader reader;
  ASSERT_EQ(reader.Open(directory_), 0);
  for (int i = 0; i < 20'000; ++i) {
    const PageState state = reader.Read();
    ASSERT_EQ(state.save_requests, state.interval_ms);
    ASSERT_EQ(state.stop_requests, state.mean_interruption_ms);
  }
  stop = true;
}

// A writer that died in the middle leaves an odd number: the reader goes on with what it knew, the next
// writer repairs it.
TEST_F(PageTest, AWriterThatDiedInTheMiddle) {
  PageWriter writer;
  ASSERT_EQ(writer.Open(directory_), 0);
  writer.Write({1, 0, Reason::kNone, 0, 0, 0});
  PageReader reader;
  ASSERT_EQ(reader.Open(directory_), 0);
  ASSERT_EQ(reader.Read().save_requests, 1u);
  std::fstream file(directory_ + "/page", std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(16);
  file.put(3);
  file.seekp(24);
  file.put(9);
  file.close();
  EXPECT_EQ(reader.Read().save_requests, 1u);
  writer.Write({2, 0, Reason::kNone, 0, 0, 0});
  EXPECT_EQ(reader.Read().save_requests, 2u);
}

TEST(Reason, HasAWordForEach) {
  EXPECT_STREQ(ToString(Reason::kTimeLimit), "time-limit");
  EXPECT_STREQ(ToString(static_cast<Reason>(99)), "unknown");
}

}  // namespace
}  // namespace bsub::control
