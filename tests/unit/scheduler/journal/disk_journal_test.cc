// The core on a disk: restarts, power loss, snapshots, retention, damage.
#include "scheduler/journal/disk_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "scheduler/journal/snapshot_maker.h"
#include "tests/support/journal/core_journal.h"

namespace bsub::journal::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const std::string kJournalPath = "/journal";

class DiskJournalTest : public testing::Test {
 protected:
  void MustStart() {
    const auto started = core_.Start();
    ASSERT_TRUE(started) << started.error().message;
  }
  void MustWork() {
    const auto worked = core_.RunSomeWork();
    ASSERT_TRUE(worked) << worked.error().message;
  }
  // Close, helper, take into use.
  std::uint64_t Snapshot() {
    const auto sequence = core_.CloseSegmentWithHash();
    EXPECT_TRUE(sequence) << sequence.error().message;
    const auto made = MakeSnapshot(files_, kJournalPath, *sequence);
    EXPECT_TRUE(made) << made.error().message;
    const auto finished = core_.journal().FinishSnapshot(*sequence, core_.now());
    EXPECT_TRUE(finished) << finished.error().message;
    if (finished) removed_ = *finished;
    return *sequence;
  }

  UnsyncedFileSystem files_;
  CoreJournal core_{files_};
  std::vector<std::string> removed_;
};

TEST_F(DiskJournalTest, ANewDirectoryBecomesACluster) {
  MustStart();
  EXPECT_TRUE(core_.report().created);
  EXPECT_EQ(core_.scheduler().state().cluster_uuid, "123e4567-e89b-42d3-a456-426614174000");
  EXPECT_EQ(files_.Contents(kJournalPath + "/identity"),
            "bsub-lite journal\ncluster 123e4567-e89b-42d3-a456-426614174000\n");
}

TEST_F(DiskJournalTest, ARestartFindsTheSameState) {
  MustStart();
  MustWork();
  const std::uint64_t hash = core_.scheduler().state_hash();
  const std::uint64_t last = core_.journal().last_sequence();
  core_.Stop();
  MustStart();
  EXPECT_FALSE(core_.report().created);
  EXPECT_EQ(core_.report().last_sequence, last);
  EXPECT_EQ(core_.report().entries_replayed, last);
  EXPECT_THAT(core_.last_outcome().entries, IsEmpty());
  EXPECT_EQ(core_.scheduler().state_hash(), hash);
}

TEST_F(DiskJournalTest, TheDirectoryHasOneSchedulerAtATime) {
  MustStart();
  CoreJournal second(files_);
  EXPECT_FALSE(second.Start());
}

TEST_F(DiskJournalTest, PayloadsAreThereAfterARestart) {
  MustStart();
  MustWork();
  const JobSpec& spec = core_.scheduler().state().jobs.at(JobId(3)).spec;
  EXPECT_EQ(*core_.journal().payloads().Get(spec.command), "other command");
  core_.Stop();
  MustStart();
  const JobSpec& again = core_.scheduler().state().jobs.at(JobId(3)).spec;
  EXPECT_EQ(*core_.journal().payloads().Get(again.command), "other command");
  EXPECT_EQ(*core_.journal().payloads().Get(again.settings->environment), "HOME=/root");
}

TEST_F(DiskJournalTest, AnEntryThatNamesAnUnknownPayloadIsRefused) {
  MustStart();
  auto settings = std::make_shared<JobSettings>();
  settings->working_directory = "/";
  settings->request.cpu_milli = 1000;
  sched::Submit submit;
  submit.who = {.uid = 1, .gid = 1, .groups = {}, .name = "bob"};
  submit.spec.settings = settings;
  submit.spec.name = "x";
  submit.spec.command = HashPayload("never given");
  const auto handled = core_.Handle(std::move(submit));
  ASSERT_FALSE(handled);
  EXPECT_THAT(handled.error().message, HasSubstr("names a payload that was not given"));
}

TEST_F(DiskJournalTest, ASnapshotIsLoadedAndWhatIsBehindItReplayed) {
  MustStart();
  MustWork();
  const std::uint64_t sequence = Snapshot();
  ASSERT_TRUE(core_.Submit("after"));
  const std::uint64_t last = core_.journal().last_sequence();
  core_.Stop();
  MustStart();
  EXPECT_EQ(core_.report().snapshot, sequence);
  EXPECT_EQ(core_.report().entries_replayed, last - sequence);
  EXPECT_THAT(core_.report().warnings, IsEmpty());
  EXPECT_EQ(core_.scheduler().state().jobs.size(), 4u);
  EXPECT_TRUE(core_.scheduler().CheckInvariants());
  for (const auto& [id, job] : core_.scheduler().state().jobs) {
    EXPECT_TRUE(core_.journal().payloads().Get(job.spec.command)) << id.value();
  }
}

TEST_F(DiskJournalTest, TheSecondSnapshotStartsFromTheFirst) {
  MustStart();
  MustWork();
  const std::uint64_t first = Snapshot();
  ASSERT_TRUE(core_.Submit("after"));
  const auto sequence = core_.CloseSegmentWithHash();
  const auto made = MakeSnapshot(files_, kJournalPath, *sequence);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->entries_replayed, *sequence - first);
  EXPECT_EQ(made->jobs, 4u);
}

TEST_F(DiskJournalTest, ADamagedNewestSnapshotIsPassedOverWithAWarning) {
  MustStart();
  MustWork();
  const std::uint64_t first = Snapshot();
  ASSERT_TRUE(core_.Submit("after"));
  const std::uint64_t second = Snapshot();
  const std::uint64_t last = core_.journal().last_sequence();
  core_.Stop();
  const std::string path = Join(kJournalPath, FileName(FileKind::kSnapshot, second));
  std::string bytes = files_.Contents(path);
  bytes[bytes.size() / 2] ^= 1;
  files_.SetContents(path, bytes);
  MustStart();
  EXPECT_EQ(core_.report().snapshot, first);
  EXPECT_EQ(core_.report().entries_replayed, last - first);
  ASSERT_THAT(core_.report().warnings, SizeIs(1));
  EXPECT_THAT(core_.report().warnings[0], HasSubstr(path + " at offset"));
  // It no longer counts as one of the two that are kept, and is there for a person.
  EXPECT_THAT(files_.Names(kJournalPath), Contains(FileName(FileKind::kSnapshot, second) + ".aside"));
  EXPECT_THAT(files_.Names(kJournalPath), Not(Contains(FileName(FileKind::kSnapshot, second))));
}

TEST_F(DiskJournalTest, AMissingPackMakesItsSnapshotBad) {
  MustStart();
  MustWork();
  const std::uint64_t first = Snapshot();
  core_.Stop();
  files_.Forget(Join(kJournalPath, FileName(FileKind::kPack, first)));
  MustStart();
  EXPECT_EQ(core_.report().snapshot, 0u);
  EXPECT_THAT(core_.report().warnings, SizeIs(1));
}

TEST_F(DiskJournalTest, OldFilesGoWhenTwoSnapshotsExistAndTheHistoryHasHadItsTime) {
  core_.settings.retention.history_retention = std::chrono::hours(1);
  files_.SetNow(core_.now());
  MustStart();
  MustWork();
  const std::uint64_t first = Snapshot();
  EXPECT_THAT(removed_, IsEmpty());
  ASSERT_TRUE(core_.Submit("two"));
  const std::uint64_t second = Snapshot();
  EXPECT_THAT(removed_, IsEmpty());  // covered, but young
  files_.SetNow(core_.now() + std::chrono::hours(2));
  ASSERT_TRUE(core_.Submit("three"));
  const auto third = core_.CloseSegmentWithHash();
  ASSERT_TRUE(MakeSnapshot(files_, kJournalPath, *third));
  const auto removed = core_.journal().FinishSnapshot(*third, core_.now() + std::chrono::hours(2));
  EXPECT_THAT(*removed, Contains(FileName(FileKind::kSegment, 1)));
  EXPECT_THAT(*removed, Contains(FileName(FileKind::kSnapshot, first)));
  EXPECT_THAT(*removed, Not(Contains(FileName(FileKind::kSnapshot, second))));
  core_.Stop();
  MustStart();
  EXPECT_EQ(core_.scheduler().state().jobs.size(), 5u);
  for (const auto& [id, job] : core_.scheduler().state().jobs) {
    EXPECT_TRUE(core_.journal().payloads().Get(job.spec.command)) << id.value();
    EXPECT_TRUE(core_.journal().payloads().Get(job.spec.settings->environment)) << id.value();
  }
  EXPECT_EQ(core_.journal().Facts().snapshot_sequence, *third);
}

TEST_F(DiskJournalTest, AStateHashThatDoesNotFollowStopsReplayAndSnapshot) {
  MustStart();
  sched::JournalEntry wrong;
  wrong.sequence = Sequence(core_.journal().last_sequence() + 1);
  wrong.at = core_.now();
  wrong.body = sched::StateHashRecorded{core_.scheduler().state_hash() + 1};
  ASSERT_TRUE(core_.journal().Append({&wrong, 1}, {}));
  const auto sequence = core_.journal().CloseSegment();
  EXPECT_THAT(MakeSnapshot(files_, kJournalPath, *sequence).error().message, HasSubstr("state hash differs"));
  core_.Stop();
  const auto started = core_.Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::kDataLoss);
  EXPECT_THAT(started.error().message, HasSubstr("/journal/segment-00000000000000000001 at offset"));
}

TEST_F(DiskJournalTest, AfterACutNoIdThatWasGivenOutIsGivenAgain) {
  MustStart();
  ASSERT_TRUE(core_.AddNode("n1", 4));
  ASSERT_TRUE(core_.Submit("kept"));
  const std::uint64_t at = core_.journal().last_sequence() + 1;
  ASSERT_TRUE(core_.Submit("given up"));
  ASSERT_TRUE(core_.AddNode("n2", 4));
  const sched::State& before = core_.scheduler().state();
  const std::uint64_t job = before.next_job_id, incarnation = before.next_incarnation;
  const std::uint32_t node = before.next_node_id;
  core_.Stop();
  ASSERT_TRUE(CutJournal(files_, kJournalPath, at));
  MustStart();
  EXPECT_EQ(core_.report().lift_counters_by, 1'000'000u);
  const sched::State& after = core_.scheduler().state();
  EXPECT_EQ(after.jobs.size(), 1u);
  EXPECT_GE(after.next_job_id, job);
  EXPECT_GE(after.next_incarnation, incarnation);
  EXPECT_GE(after.next_node_id, node);
  ASSERT_TRUE(core_.Submit("new"));
  ASSERT_TRUE(core_.AddNode("n3", 4));
  EXPECT_EQ(after.jobs.rbegin()->first, JobId(1'000'002));
  EXPECT_EQ(after.nodes.rbegin()->first, NodeId(10'002));
  EXPECT_EQ(after.nodes.rbegin()->second.incarnation, Incarnation(1'000'002));
  EXPECT_TRUE(core_.scheduler().CheckInvariants());
  const std::uint64_t hash = core_.scheduler().state_hash();
  MustStart();  // once is enough
  EXPECT_EQ(core_.report().lift_counters_by, 0u);
  EXPECT_EQ(core_.scheduler().state_hash(), hash);
}

TEST_F(DiskJournalTest, ADroppedTailCostsNoIdThatItMayHaveGivenOut) {
  MustStart();
  ASSERT_TRUE(core_.Submit("kept"));
  ASSERT_TRUE(core_.Submit("acknowledged, and then damaged on the disk"));
  core_.Stop();
  const std::string path = Join(kJournalPath, FileName(FileKind::kSegment, 1));
  std::string bytes = files_.Contents(path);
  bytes[bytes.find_last_not_of('\0')] ^= 1;
  files_.SetContents(path, bytes);
  MustStart();
  ASSERT_TRUE(core_.report().dropped_tail);
  EXPECT_EQ(core_.scheduler().state().jobs.size(), 1u);
  ASSERT_TRUE(core_.Submit("new"));
  EXPECT_GE(core_.scheduler().state().jobs.rbegin()->first, JobId(1002));
}

TEST_F(DiskJournalTest, LostSegmentsAreNotTakenForANewCluster) {
  MustStart();
  core_.Stop();
  files_.Forget(Join(kJournalPath, FileName(FileKind::kSegment, 1)));
  EXPECT_THAT(core_.Start().error().message, HasSubstr("has lost its segments"));
}

TEST_F(DiskJournalTest, AnInterruptedFirstStartIsRepeated) {
  for (std::uint64_t at = 1; at < 25; ++at) {
    UnsyncedFileSystem files;
    CoreJournal core(files);
    files.InjectFault({.at_call = at, .code = Code::kUnavailable, .repeat = true});
    static_cast<void>(core.Start());
    core.Stop();
    files.LosePower(at);
    const auto started = core.Start();
    ASSERT_TRUE(started) << at << ": " << started.error().message;
    ASSERT_TRUE(core.Submit("job")) << at;
  }
}

TEST_F(DiskJournalTest, ASnapshotThatIsInterruptedAnywhereIsMadeAgain) {
  for (std::uint64_t at = 1; at < 20; ++at) {
    UnsyncedFileSystem files;
    CoreJournal core(files);
    ASSERT_TRUE(core.Start());
    ASSERT_TRUE(core.RunSomeWork());
    const auto sequence = core.CloseSegmentWithHash();
    files.InjectFault({.at_call = files.calls() + at, .code = Code::kUnavailable, .repeat = true});
    static_cast<void>(MakeSnapshot(files, kJournalPath, *sequence));
    core.Stop();
    files.LosePower(at);
    ASSERT_TRUE(core.Start()) << at;
    EXPECT_THAT(core.report().warnings, IsEmpty()) << at;
    const auto made = MakeSnapshot(files, kJournalPath, *sequence);
    EXPECT_TRUE(made) << at << ": " << made.error().message;
  }
}

TEST_F(DiskJournalTest, ASnapshotThatFindsTheDiskFullLeavesNothingBehind) {
  for (std::uint64_t at = 1;; ++at) {
    UnsyncedFileSystem files;
    CoreJournal core(files);
    ASSERT_TRUE(core.Start());
    ASSERT_TRUE(core.RunSomeWork());
    const auto sequence = core.CloseSegmentWithHash();
    const std::uint64_t before = files.calls();
    files.InjectFault({.at_call = before + at, .code = Code::kResourceExhausted, .short_write = true});
    const auto made = MakeSnapshot(files, kJournalPath, *sequence);
    const bool there =
        std::ranges::count(files.Names(kJournalPath), FileName(FileKind::kSnapshot, *sequence)) > 0;
    if (made && files.calls() < before + at) break;  // the fault was not met any more
    for (const std::string& name : files.Names(kJournalPath)) {
      EXPECT_THAT(name, Not(HasSubstr(".tmp"))) << at;
      EXPECT_TRUE(there || !name.starts_with("payloads-")) << at << ": " << name;
    }
    const auto again = MakeSnapshot(files, kJournalPath, *sequence);
    EXPECT_TRUE(again) << at << ": " << again.error().message;
  }
}

// Acknowledged jobs, with their payloads, through random power losses.
TEST_F(DiskJournalTest, AcknowledgedJobsAndPayloadsSurvivePowerLoss) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    std::mt19937_64 random(seed);
    UnsyncedFileSystem files;
    CoreJournal core(files, kJournalPath, 4096);
    std::uint64_t acknowledged = 0;
    for (int life = 0; life < 5; ++life) {
      files.InjectFault(
          {.at_call = files.calls() + 5 + random() % 40, .code = Code::kUnavailable, .repeat = true});
      Status alive = core.Start();
      for (int i = 0; alive && i < 40; ++i) {
        alive = core.Submit("job " + std::to_string(acknowledged + 1), std::nullopt,
                            "command " + std::to_string(i));
        if (alive) ++acknowledged;
        if (alive && random() % 6 == 0) {
          const auto sequence = core.CloseSegmentWithHash();
          if (sequence && MakeSnapshot(files, kJournalPath, *sequence)) {
            static_cast<void>(core.journal().FinishSnapshot(*sequence, core.now()));
          }
          if (!sequence) alive = Error(sequence.error());
        }
      }
      core.Stop();
      files.LosePower(random());
      const auto started = core.Start();
      ASSERT_TRUE(started) << "seed " << seed << ": " << started.error().message;
      const sched::State& state = core.scheduler().state();
      ASSERT_GE(state.jobs.size(), acknowledged) << "seed " << seed;
      acknowledged = state.jobs.size();
      for (const auto& [id, job] : state.jobs) {
        ASSERT_TRUE(core.journal().payloads().Get(job.spec.command))
            << "seed " << seed << " job " << id.value();
        ASSERT_TRUE(core.journal().payloads().Get(job.spec.settings->environment)) << "seed " << seed;
      }
      core.Stop();
    }
  }
}

}  // namespace
}  // namespace bsub::journal::test
