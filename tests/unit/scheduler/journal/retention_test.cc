#include "scheduler/journal/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bsub::journal {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr TimePoint kNow(1'000'000'000'000'000);

class RetentionTest : public testing::Test {
 protected:
  static NumberedFile File(FileKind kind, std::uint64_t sequence, Duration age) {
    NumberedFile file;
    file.kind = kind;
    file.sequence = sequence;
    file.name = FileName(kind, sequence);
    file.modified_at = kNow - age;
    return file;
  }
  void Segment(std::uint64_t first, Duration age) {
    contents_.segments.push_back(File(FileKind::kSegment, first, age));
  }
  void Snapshot(std::uint64_t sequence, std::vector<std::uint64_t> packs = {}) {
    contents_.snapshots.push_back(File(FileKind::kSnapshot, sequence, {}));
    snapshots_.push_back({sequence, std::move(packs)});
  }
  void Pack(std::uint64_t sequence) { contents_.packs.push_back(File(FileKind::kPack, sequence, {})); }
  std::vector<std::string> Decide(std::uint64_t history = UINT64_MAX) const {
    return FilesToRemove(contents_, snapshots_, settings_, kNow, history);
  }

  DirectoryContents contents_;
  std::vector<KnownSnapshot> snapshots_;
  RetentionSettings settings_{.snapshots = 2, .history_retention = std::chrono::hours(10)};
};

TEST_F(RetentionTest, NothingGoesBeforeThereAreTwoSnapshots) {
  Segment(1, std::chrono::hours(100));
  Segment(101, std::chrono::hours(90));
  Segment(201, {});
  Snapshot(200);
  EXPECT_THAT(Decide(), IsEmpty());
}

TEST_F(RetentionTest, OldSegmentsThatTheOlderSnapshotCoversGo) {
  Segment(1, std::chrono::hours(100));
  Segment(101, std::chrono::hours(90));
  Segment(201, std::chrono::hours(80));
  Segment(301, {});
  Snapshot(200);
  Snapshot(300);
  EXPECT_THAT(Decide(), ElementsAre(FileName(FileKind::kSegment, 1), FileName(FileKind::kSegment, 101)));
}

TEST_F(RetentionTest, SegmentsThatTheHistoryHasNotTakenStay) {
  Segment(1, std::chrono::hours(100));
  Segment(101, std::chrono::hours(90));
  Segment(201, std::chrono::hours(80));
  Segment(301, {});
  Snapshot(200);
  Snapshot(300);
  EXPECT_THAT(Decide(99), IsEmpty());
  EXPECT_THAT(Decide(100), ElementsAre(FileName(FileKind::kSegment, 1)));
  EXPECT_THAT(Decide(199), ElementsAre(FileName(FileKind::kSegment, 1)));
}

TEST_F(RetentionTest, YoungSegmentsStayForTheHistoryAndSoDoAllBehindThem) {
  Segment(1, std::chrono::hours(100));
  Segment(101, std::chrono::hours(5));
  Segment(201, std::chrono::hours(100));  // a clock that jumped
  Segment(301, {});
  Snapshot(300);
  Snapshot(310);
  EXPECT_THAT(Decide(), ElementsAre(FileName(FileKind::kSegment, 1)));
}

TEST_F(RetentionTest, OlderSnapshotsGoFirst) {
  Segment(1, std::chrono::hours(100));
  Segment(101, {});
  Snapshot(100);
  Snapshot(200);
  Snapshot(300);
  EXPECT_THAT(Decide(), ElementsAre(FileName(FileKind::kSnapshot, 100), FileName(FileKind::kSegment, 1)));
}

TEST_F(RetentionTest, ADamagedSnapshotDoesNotCountAndStaysUnlessItIsOldest) {
  Snapshot(100);
  Snapshot(200);
  Snapshot(300);
  snapshots_.erase(snapshots_.begin() + 1);  // 200 is not valid
  EXPECT_THAT(Decide(), IsEmpty());
}

TEST_F(RetentionTest, PacksGoWhenNoKeptSnapshotNamesThem) {
  Snapshot(100, {50, 100});
  Snapshot(200, {100, 200});
  Snapshot(300, {100});
  Pack(50);
  Pack(100);
  Pack(200);
  Pack(400);  // of a snapshot that is being made
  EXPECT_THAT(Decide(), ElementsAre(FileName(FileKind::kSnapshot, 100), FileName(FileKind::kPack, 50)));
}

}  // namespace
}  // namespace bsub::journal
