#include "scheduler/journal/journal_cursor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/journal/core_journal.h"

namespace bsub::journal::test {
namespace {

class JournalCursorTest : public testing::Test {
 protected:
  JournalCursorTest() { EXPECT_TRUE(core_.Start()); }

  std::vector<std::uint64_t> ReadAll(std::uint64_t after, std::size_t page, std::uint64_t durable) {
    JournalCursor cursor(files_, "/journal", after);
    std::vector<std::uint64_t> sequences;
    while (true) {
      const auto entries = cursor.Next(page, durable);
      EXPECT_TRUE(entries) << entries.error().message;
      if (!entries || entries->empty()) return sequences;
      EXPECT_LE(entries->size(), page);
      for (const auto& entry : *entries) sequences.push_back(entry.sequence.value());
    }
  }
  static std::vector<std::uint64_t> Numbers(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t i = first; i <= last; ++i) numbers.push_back(i);
    return numbers;
  }

  UnsyncedFileSystem files_;
  CoreJournal core_{files_, "/journal", 4096};
};

TEST_F(JournalCursorTest, ReadsEveryEntryOnceWhereverItStarts) {
  ASSERT_TRUE(core_.RunSomeWork());
  const std::uint64_t last = core_.journal().last_sequence();
  ASSERT_GT(ReadDirectory(files_, "/journal")->segments.size(), 3u);
  for (const std::size_t page : {1, 3, 1000}) EXPECT_EQ(ReadAll(0, page, last), Numbers(1, last));
  for (std::uint64_t after = 0; after <= last; ++after)
    EXPECT_EQ(ReadAll(after, 50, last), Numbers(after + 1, last));
}

TEST_F(JournalCursorTest, StopsAtWhatIsDurable) {
  ASSERT_TRUE(core_.RunSomeWork());
  const std::uint64_t last = core_.journal().last_sequence();
  for (std::uint64_t durable = 0; durable <= last; ++durable) {
    ASSERT_EQ(ReadAll(0, 7, durable), Numbers(1, durable));
  }
}

TEST_F(JournalCursorTest, FollowsAJournalThatGrows) {
  JournalCursor cursor(files_, "/journal", 0);
  std::uint64_t seen = 0;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(core_.Submit("job"));
    while (seen < core_.journal().last_sequence()) {
      const auto entries = cursor.Next(5, core_.journal().last_sequence());
      ASSERT_TRUE(entries) << entries.error().message;
      ASSERT_FALSE(entries->empty());
      for (const auto& entry : *entries) ASSERT_EQ(entry.sequence.value(), ++seen);
    }
    EXPECT_TRUE(cursor.Next(5, seen)->empty());
  }
}

TEST_F(JournalCursorTest, GoesOnWithTheOldestThereIs) {
  ASSERT_TRUE(core_.RunSomeWork());
  const auto segments = ReadDirectory(files_, "/journal")->segments;
  files_.Forget("/journal/" + segments[0].name);
  files_.Forget("/journal/" + segments[1].name);
  const std::uint64_t last = core_.journal().last_sequence();
  EXPECT_EQ(ReadAll(0, 10, last), Numbers(segments[2].sequence, last));
}

TEST_F(JournalCursorTest, SkipsToAnyEntryBehind) {
  ASSERT_TRUE(core_.RunSomeWork());
  const std::uint64_t last = core_.journal().last_sequence();
  for (const std::uint64_t step : {1, 2, 7, 40}) {
    JournalCursor cursor(files_, "/journal", 0);
    for (std::uint64_t wanted = 1; wanted <= last; wanted += step) {
      cursor.SkipTo(wanted - 1);
      const auto entries = cursor.Next(1, last);
      ASSERT_TRUE(entries) << entries.error().message;
      ASSERT_EQ(entries->size(), 1u);
      ASSERT_EQ(entries->front().sequence.value(), wanted);
    }
  }
}

TEST_F(JournalCursorTest, DamageIsAnError) {
  ASSERT_TRUE(core_.RunSomeWork());
  const std::string path = "/journal/" + ReadDirectory(files_, "/journal")->segments[1].name;
  std::string bytes = files_.Contents(path);
  bytes[bytes.size() / 2] ^= 1;
  files_.SetContents(path, bytes);
  JournalCursor cursor(files_, "/journal", 0);
  const auto entries = cursor.Next(100'000, core_.journal().last_sequence());
  ASSERT_FALSE(entries);
  EXPECT_THAT(entries.error().message, testing::HasSubstr(path));
}

}  // namespace
}  // namespace bsub::journal::test
