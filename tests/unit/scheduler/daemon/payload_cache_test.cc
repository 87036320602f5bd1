// Payloads that were used lately stay in memory, and take no more of it than was said.
#include "scheduler/daemon/payload_cache.h"

#include <gmock/gmock.h>
#include <malloc.h>

#include "tests/support/journal/opaque_journal.h"

namespace bsub::daemon {
namespace {

using journal::PayloadStore;
using journal::Record;
using journal::RecordKind;
using journal::test::kCluster;
using journal::test::kDirectory;
using journal::test::UnsyncedFileSystem;

class PayloadCacheTest : public testing::Test {
 protected:
  PayloadCacheTest() {
    EXPECT_TRUE(files_.CreateDirectory(kDirectory));
    writer_ = std::move(
        *journal::test::OpenWriter(files_, {}, journal::test::SmallSegments(std::uint64_t{1} << 20)));
  }

  PayloadHash Put(const std::string& bytes) {
    const std::vector<Record> records{{RecordKind::kPayload, bytes}, {RecordKind::kEntry, "names it"}};
    const auto appended = writer_->Append(records);
    EXPECT_TRUE(appended);
    const PayloadHash hash = journal::HashPayload(bytes);
    store_.AddRecord(hash, appended->segment, appended->record_offsets[0]);
    return hash;
  }

  UnsyncedFileSystem files_;
  std::unique_ptr<journal::JournalWriter> writer_;
  PayloadStore store_{files_, kDirectory, kCluster};
};

TEST_F(PayloadCacheTest, AnswersFromMemoryWhatWasUsedLately) {
  PayloadCache cache(store_, 1 << 20);
  const PayloadHash hash = Put("echo hi");
  const auto first = cache.Get(hash), second = cache.Get(hash);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(**first, "echo hi");
  EXPECT_EQ(first->get(), second->get());
}

// Commands of a hundred bytes, each another one, as jobs have them.
TEST_F(PayloadCacheTest, ManySmallOnesTakeNoMoreMemoryThanWasSaid) {
  constexpr std::size_t kMost = 200'000, kPayloads = 2000;
  std::vector<PayloadHash> hashes;
  for (std::size_t i = 0; i < kPayloads; ++i)
    hashes.push_back(Put(std::string(100, 'x') + std::to_string(i)));
  PayloadCache cache(store_, kMost);
  const std::size_t before = mallinfo2().uordblks;
  for (const PayloadHash& hash : hashes) ASSERT_TRUE(cache.Get(hash));
  const std::size_t after = mallinfo2().uordblks;
  EXPECT_LT(after, before + kMost + kMost / 4);
}

}  // namespace
}  // namespace bsub::daemon
