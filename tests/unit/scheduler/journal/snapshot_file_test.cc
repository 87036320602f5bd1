#include "scheduler/journal/snapshot_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/journal/opaque_journal.h"

namespace bsub::journal::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const SnapshotHeader kSnapshotHeader{kCluster, 42, 1111, 2222};
const std::string kName = FileName(FileKind::kSnapshot, 42);

Status WriteSnapshot(FileSystem& files) {
  BSUB_ASSIGN_OR_RETURN(const auto writer, SnapshotWriter::Create(files, kDirectory, kSnapshotHeader));
  BSUB_RETURN_IF_ERROR(writer->AddChunk(ChunkKind::kPacks, "packs"));
  BSUB_RETURN_IF_ERROR(writer->AddChunk(ChunkKind::kState, "first"));
  BSUB_RETURN_IF_ERROR(writer->AddChunk(ChunkKind::kState, ""));
  BSUB_RETURN_IF_ERROR(writer->AddChunk(ChunkKind::kState, "third"));
  return writer->Commit();
}

Result<SnapshotHeader> Read(FileSystem& files, std::vector<std::string>* chunks = nullptr) {
  return ReadSnapshot(files, kDirectory, kName, [&](ChunkKind, std::string_view bytes) {
    if (chunks != nullptr) chunks->emplace_back(bytes);
    return OkStatus();
  });
}

class SnapshotFileTest : public testing::Test {
 protected:
  SnapshotFileTest() {
    EXPECT_TRUE(files_.CreateDirectory(kDirectory));
    EXPECT_TRUE(WriteSnapshot(files_));
  }
  const std::string path_ = Join(kDirectory, kName);
  UnsyncedFileSystem files_;
};

TEST_F(SnapshotFileTest, RoundTrips) {
  std::vector<std::string> chunks;
  const auto header = Read(files_, &chunks);
  ASSERT_TRUE(header) << header.error().message;
  EXPECT_EQ(*header, kSnapshotHeader);
  EXPECT_THAT(chunks, ElementsAre("packs", "first", "", "third"));
  EXPECT_EQ(*ReadSnapshotHeader(files_, kDirectory, kName), kSnapshotHeader);
}

TEST_F(SnapshotFileTest, EveryFlippedBitIsNoticed) {
  const std::string whole = files_.Contents(path_);
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string bad = whole;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    files_.SetContents(path_, bad);
    const auto header = Read(files_);
    ASSERT_FALSE(header) << "bit " << bit;
    EXPECT_THAT(header.error().message, HasSubstr(path_ + " at offset"));
  }
}

TEST_F(SnapshotFileTest, EveryCutAndEveryAddedByteIsNoticed) {
  const std::string whole = files_.Contents(path_);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    files_.SetContents(path_, whole.substr(0, size));
    EXPECT_FALSE(Read(files_)) << size;
  }
  files_.SetContents(path_, whole + '\0');
  EXPECT_FALSE(Read(files_));
}

TEST_F(SnapshotFileTest, ARenamedSnapshotIsNoticed) {
  files_.SetContents(Join(kDirectory, FileName(FileKind::kSnapshot, 43)), files_.Contents(path_));
  EXPECT_FALSE(ReadSnapshotHeader(files_, kDirectory, FileName(FileKind::kSnapshot, 43)));
}

TEST_F(SnapshotFileTest, AVisitorsErrorNamesThePlace) {
  const auto header = ReadSnapshot(
      files_, kDirectory, kName, [](ChunkKind, std::string_view) { return Status(DataLoss("no such job")); });
  EXPECT_THAT(header.error().message, HasSubstr(path_ + " at offset 64: no such job"));
}

// Power loss at every step of the commit: the snapshot is there whole, or it is not there.
TEST(SnapshotCommit, IsAllOrNothingAtEveryStep) {
  int whole = 0;
  int absent = 0;
  for (std::uint64_t at = 1; at <= 12; ++at) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
      UnsyncedFileSystem files;
      ASSERT_TRUE(files.CreateDirectory(kDirectory));
      files.InjectFault({.at_call = files.calls() + at, .code = Code::kUnavailable, .repeat = true});
      const bool committed = static_cast<bool>(WriteSnapshot(files));
      files.LosePower(seed);
      if (!files.OpenForRead(Join(kDirectory, kName))) {
        EXPECT_FALSE(committed);
        ++absent;
        continue;
      }
      ++whole;
      EXPECT_TRUE(Read(files)) << "call " << at << " seed " << seed;
    }
  }
  EXPECT_GT(whole, 30);
  EXPECT_GT(absent, 30);
}

}  // namespace
}  // namespace bsub::journal::test
