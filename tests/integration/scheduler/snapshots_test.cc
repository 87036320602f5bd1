// Snapshots of a running scheduler: made, used at the next start, and what they cover is removed.
#include <filesystem>

#include "tests/integration/scheduler/scheduler_process.h"

namespace bsub::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Small files and a snapshot after every few jobs; nothing old is kept for the history.
constexpr const char* kManySnapshots =
    "journal:\n  snapshot_bytes: 4K\n  segment_bytes: 16K\n  history_retention: 0s\n";

class SnapshotsTest : public DaemonTest {
 protected:
  std::vector<std::string> Files(const std::string& kind) const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(home_ + "/journal")) {
      const std::string name = file.path().filename();
      if (name.starts_with(kind) && !name.ends_with(".tmp")) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  // Submits until a snapshot newer than `after` is in use; its sequence.
  std::uint64_t SubmitUntilSnapshot(const SchedulerProcess& scheduler, std::uint64_t after) {
    const auto client = scheduler.Client();
    std::uint64_t made = after;
    Eventually(
        [&] {
          SubmitOk(*client, Command({"true", std::to_string(++submitted_)}));
          made = scheduler.Status().journal().snapshot_sequence();
          return made > after;
        },
        "a snapshot after entry " + std::to_string(after) + " is made");
    return made;
  }

  int submitted_ = 0;
};

TEST_F(SnapshotsTest, AreMadeWhileItRunsAndShortenTheNextStart) {
  const auto settings = WithSettings(kManySnapshots);
  std::uint64_t snapshot = 0;
  {
    SchedulerProcess scheduler(home_, settings);
    scheduler.WaitReady();
    for (int i = 0; i < 3; ++i) snapshot = SubmitUntilSnapshot(scheduler, snapshot);
    scheduler.Kill(SIGKILL);
  }
  SchedulerProcess scheduler(home_, settings);
  scheduler.WaitReady();
  const std::uint64_t last = scheduler.Status().journal().sequence();
  EXPECT_THAT(scheduler.Log(), HasSubstr("created=no snapshot="));
  EXPECT_THAT(scheduler.Log(), Not(HasSubstr("snapshot=0 ")));
  EXPECT_THAT(scheduler.Log(), Not(HasSubstr("replayed=" + std::to_string(last))));
  const auto client = scheduler.Client();
  for (int i = 1; i <= submitted_; ++i) {
    ASSERT_EQ(GetJobOk(*client, std::to_string(i)).command(1), std::to_string(i));
  }
  EXPECT_EQ(SubmitOk(*client, Command({"true"})).job_id(), static_cast<unsigned>(submitted_ + 1));
}

TEST_F(SnapshotsTest, WhatTwoOfThemCoverIsRemoved) {
  const auto settings = WithSettings(kManySnapshots);
  SchedulerProcess scheduler(home_, settings);
  scheduler.WaitReady();
  std::uint64_t snapshot = 0;
  for (int i = 0; i < 4; ++i) snapshot = SubmitUntilSnapshot(scheduler, snapshot);
  EXPECT_EQ(Files("snapshot-").size(), 2u);
  EXPECT_THAT(Files("segment-").front(), Not(HasSubstr("segment-00000000000000000001")));
  EXPECT_EQ(GetJobOk(*scheduler.Client(), "1").command(1), "1");  // from a pack
}

TEST_F(SnapshotsTest, AHelperThatCannotRunStopsNothing) {
  auto words = WithSettings(kManySnapshots);
  words.insert(words.end(), {"--programs", directory_.path() + "/nowhere"});
  SchedulerProcess scheduler(home_, words);
  scheduler.WaitReady();
  const auto client = scheduler.Client();
  Eventually(
      [&] {
        SubmitOk(*client, Command({"true"}));
        return scheduler.Log().find("snapshot=failed") != std::string::npos;
      },
      "the log says that the snapshot failed");
  EXPECT_THAT(scheduler.Log(), HasSubstr("/nowhere/bsub-lite-snapshot: No such file or directory"));
  EXPECT_TRUE(SubmitOk(*client, Command({"true"})).job_id() > 0);
}

}  // namespace
}  // namespace bsub::testing
