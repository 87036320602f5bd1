// The node's side of a control directory, against what its user may put there.
#include "worker/spawner/control_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "checkpoint/control/report.h"

namespace bsub::spawner {
namespace {

namespace fs = std::filesystem;

std::string TextIn(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class ControlDirTest : public ::testing::Test {
 protected:
  ControlDirTest() {
    std::string name = fs::temp_directory_path() / "control-XXXXXX";
    root_ = mkdtemp(name.data());
    path_ = root_ / "task";
  }
  ~ControlDirTest() override { fs::remove_all(root_); }
  std::unique_ptr<ControlDir> Make() {
    auto made = ControlDir::Make(path_, {}, {30'000'000, 7'200'000'000});
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  void Report(std::string_view kind, std::uint64_t generation) {
    control::Report report(kind);
    report.Add("generation", generation);
    ASSERT_EQ(control::AppendReport(path_, report), 0);
  }

  void Line(const std::string& line) { std::ofstream(path_ / "report", std::ios::app) << line << "\n"; }

  fs::path root_;
  fs::path path_;
};

TEST_F(ControlDirTest, ANoticeIsOnThePageAndInTheFile) {
  const auto dir = Make();
  control::PageReader page;
  ASSERT_EQ(page.Open(path_), 0);
  EXPECT_EQ(page.Read().interval_ms, 30'000u);
  EXPECT_EQ(page.Read().mean_interruption_ms, 7'200'000u);
  EXPECT_EQ(page.Read().stop_requests, 0u);
  ASSERT_TRUE(dir->Notice("drain", 90'500'000));
  EXPECT_EQ(page.Read().stop_requests, 1u);
  EXPECT_EQ(page.Read().reason, control::Reason::kDrain);
  EXPECT_GT(page.Read().deadline_ns, control::MonotonicNs());
  const auto json = nlohmann::json::parse(TextIn(path_ / "notice.json"));
  EXPECT_EQ(json["reason"], "drain");
  EXPECT_EQ(json["remaining_seconds"], 90.5);
  EXPECT_EQ(json["deadline_ns"], page.Read().deadline_ns);
  ASSERT_TRUE(dir->Notice("drain", -5));
  EXPECT_EQ(nlohmann::json::parse(TextIn(path_ / "notice.json"))["remaining_seconds"], 0);
}

TEST_F(ControlDirTest, AWithdrawnNoticeAsksForNothing) {
  const auto dir = Make();
  ASSERT_TRUE(dir->Notice("drain", 90'000'000));
  dir->Withdraw();
  control::PageReader page;
  ASSERT_EQ(page.Open(path_), 0);
  EXPECT_EQ(page.Read().stop_requests, 0u);
  EXPECT_EQ(page.Read().deadline_ns, 0);
  EXPECT_EQ(page.Read().reason, control::Reason::kNone);
  EXPECT_FALSE(fs::exists(path_ / "notice.json"));
  Report("committed", 3);
  ASSERT_TRUE(dir->Notice("drain", 90'000'000));
  EXPECT_EQ(page.Read().stop_requests, 1u);
  EXPECT_EQ(dir->ReadReport().saved_for_notice, false) << "that save was for none";
}

TEST_F(ControlDirTest, WhatHappensToTheNodeIsToldInKnownWords) {
  const auto dir = Make();
  const auto action = [&] { return nlohmann::json::parse(TextIn(path_ / "notice.json"))["action"]; };
  ASSERT_TRUE(dir->Notice("interruption", 1'000'000, "terminate"));
  EXPECT_EQ(action(), "terminate");
  ASSERT_TRUE(dir->Notice("interruption", 1'000'000, "\", \"save\": false, \""));
  EXPECT_EQ(action(), "");
}

TEST_F(ControlDirTest, WhoIsAskedToSaveIsNotAskedToStop) {
  const auto dir = Make();
  control::PageReader page;
  ASSERT_EQ(page.Open(path_), 0);
  ASSERT_TRUE(dir->AskToSave());
  EXPECT_EQ(page.Read().save_requests, 1u);
  EXPECT_EQ(page.Read().stop_requests, 0u);
  EXPECT_EQ(page.Read().deadline_ns, 0);
  const auto json = nlohmann::json::parse(TextIn(path_ / "notice.json"));
  EXPECT_EQ(json["reason"], "rebalance");
  EXPECT_TRUE(json["save"]);
  EXPECT_FALSE(json["stop"]);
}

TEST_F(ControlDirTest, TheNewestReportCounts) {
  const auto dir = Make();
  EXPECT_EQ(dir->ReadReport().generation, 0u);
  EXPECT_EQ(dir->ReadReport().work_from_ns, 0);
  Report("committed", 3);
  Report("progress", 9);
  EXPECT_EQ(dir->ReadReport().generation, 3u);
  EXPECT_FALSE(dir->ReadReport().stopped);
  EXPECT_GT(dir->ReadReport().work_from_ns, 0);
  EXPECT_FALSE(dir->ReadReport().stopping);
  Report("stopping", 4);
  EXPECT_TRUE(dir->ReadReport().stopping);
  Report("committed", 4);
  Report("stopped", 4);
  EXPECT_EQ(dir->ReadReport().generation, 4u);
  EXPECT_TRUE(dir->ReadReport().stopped);
}

TEST_F(ControlDirTest, OnlyASaveInTheTasksOwnStoreIsGoneOnFrom) {
  const auto made = ControlDir::Make(path_, {}, {}, "/saved/12");
  ASSERT_TRUE(made);
  ControlDir& dir = **made;
  Line("loaded store=/saved/11 generation=9 at=5");
  EXPECT_EQ(dir.ReadReport().generation, 0u) << "another job's";
  EXPECT_EQ(dir.ReadReport().work_from_ns, 5);
  Line("committed store=/saved/123 generation=8 seconds=0 at=6");
  EXPECT_EQ(dir.ReadReport().generation, 0u);
  EXPECT_EQ(dir.ReadReport().committed_ns, 6) << "the work is saved, wherever that is";
  Line("committed store=/saved/12 generation=3 seconds=0 at=7");
  EXPECT_EQ(dir.ReadReport().generation, 3u);
  Line("committed store=/saved/12/post generation=4 seconds=0 at=8");
  EXPECT_EQ(dir.ReadReport().generation, 4u);
  Line("committed generation=5 seconds=0 at=9");
  EXPECT_EQ(dir.ReadReport().generation, 5u) << "who names no store has no other";
}

TEST_F(ControlDirTest, WithoutADirectoryOfTheTasksEveryStoreCounts) {
  const auto dir = Make();
  Line("committed store=/saved/by/itself generation=3 seconds=0 at=6");
  EXPECT_EQ(dir->ReadReport().generation, 3u);
}

TEST_F(ControlDirTest, ACommitCountsFromWhenItsSaveBegan) {
  const auto dir = Make();
  Line("committed generation=3 seconds=5.000000 at=9000000000");
  EXPECT_EQ(dir->ReadReport().committed_ns, 9'000'000'000);
  EXPECT_EQ(dir->ReadReport().work_from_ns, 4'000'000'000);
}

TEST_F(ControlDirTest, WhatWasLoadedIsGoneOnFromButNotSavedByThisAttempt) {
  const auto dir = Make();
  Report("opened", 0);
  EXPECT_EQ(dir->ReadReport().generation, 0u);
  EXPECT_GT(dir->ReadReport().work_from_ns, 0) << "nothing is saved, and that is known";
  Report("loaded", 9);
  EXPECT_EQ(dir->ReadReport().generation, 9u);
  EXPECT_EQ(dir->ReadReport().committed_ns, 0);
}

TEST_F(ControlDirTest, OnlyACommitBegunAfterTheNoticeWasMadeForIt) {
  const auto dir = Make();
  Report("committed", 3);
  ASSERT_TRUE(dir->Notice("drill", 10'000'000));
  Report("stopped", 3);
  EXPECT_EQ(dir->ReadReport().saved_for_notice, false) << "of before";
  Line("committed generation=4 seconds=60.0 at=" + std::to_string(control::MonotonicNs()));
  EXPECT_EQ(dir->ReadReport().saved_for_notice, false) << "begun before";
  Report("committed", 5);
  EXPECT_EQ(dir->ReadReport().saved_for_notice, true);
  ASSERT_TRUE(dir->Notice("drill", 5'000'000));
  EXPECT_EQ(dir->ReadReport().saved_for_notice, true) << "the same notice, with another time";
}

TEST_F(ControlDirTest, AnotherNodeOfTheAttemptMayHaveHeardEarlier) {
  const auto dir = ControlDir::Make(path_, {}, {0, 0, 10'000'000});
  ASSERT_TRUE(dir);
  Report("committed", 3);
  ASSERT_TRUE((*dir)->Notice("drill", 10'000'000));
  EXPECT_EQ((*dir)->ReadReport().saved_for_notice, true);
  Line("committed generation=4 seconds=11.0 at=" + std::to_string(control::MonotonicNs()));
  EXPECT_EQ((*dir)->ReadReport().saved_for_notice, false);
}

TEST_F(ControlDirTest, AFailedSaveAfterwardsIsNoSave) {
  const auto dir = Make();
  ASSERT_TRUE(dir->Notice("drill", 10'000'000));
  Report("committed", 5);
  Line("failed generation=6 reason=disk%20full at=" + std::to_string(control::MonotonicNs()));
  Report("stopped", 5);
  const SavedState state = dir->ReadReport();
  EXPECT_EQ(state.saved_for_notice, false);
  EXPECT_EQ(state.failure, "disk full");
  EXPECT_EQ(state.generation, 5u);
  EXPECT_TRUE(state.stopped);
}

TEST_F(ControlDirTest, ALaterSaveThatWasGoodMakesUpForAFailedOne) {
  const auto dir = Make();
  ASSERT_TRUE(dir->Notice("drill", 10'000'000));
  Report("failed", 3);
  EXPECT_EQ(dir->ReadReport().saved_for_notice, false);
  Report("committed", 4);
  Report("stopped", 4);
  EXPECT_EQ(dir->ReadReport().saved_for_notice, true);
}

TEST_F(ControlDirTest, WhoTellsNothingOfSingleSavesIsBelieved) {
  const auto dir = Make();
  ASSERT_TRUE(dir->Notice("drill", 10'000'000));
  Line("stopped generation=0 step=0 at=0");
  EXPECT_TRUE(dir->ReadReport().stopped);
  EXPECT_FALSE(dir->ReadReport().saved_for_notice);
  EXPECT_EQ(dir->ReadReport().work_from_ns, 0);
}

TEST_F(ControlDirTest, WhoGotNoStoreMaySaveByOtherMeans) {
  const auto dir = Make();
  ASSERT_TRUE(dir->Notice("drill", 10'000'000));
  Line("failed reason=not%20mounted at=1");
  EXPECT_FALSE(dir->ReadReport().saved_for_notice) << "nobody knows";
  EXPECT_EQ(dir->ReadReport().failure, "not mounted");
  Line("opened at=2");
  EXPECT_EQ(dir->ReadReport().saved_for_notice, false);
}

TEST_F(ControlDirTest, ALineThatIsWrittenInTwoPartsIsReadOnce) {
  const auto dir = Make();
  std::ofstream(path_ / "report", std::ios::app) << "committed generation=3 at=";
  EXPECT_EQ(dir->ReadReport().generation, 0u);
  Line("77");
  EXPECT_EQ(dir->ReadReport().committed_ns, 77);
  fs::resize_file(path_ / "report", 0);
  EXPECT_EQ(dir->ReadReport().generation, 3u) << "what was told stays told";
  Report("committed", 4);
  EXPECT_EQ(dir->ReadReport().generation, 4u) << "the user may begin it anew";
}

TEST_F(ControlDirTest, LinksThatTheUserPutsThereAreNotFollowed) {
  const auto dir = Make();
  const fs::path other = root_ / "other";
  std::ofstream(other) << "stopped generation=9 at=1\n";
  fs::remove(path_ / "report");
  fs::create_symlink(other, path_ / "report");
  fs::create_symlink(other, path_ / ".notice.json.new");
  EXPECT_EQ(dir->ReadReport().generation, 0u);
  ASSERT_TRUE(dir->Notice("drill", 1'000'000));
  EXPECT_EQ(TextIn(other), "stopped generation=9 at=1\n");
  EXPECT_TRUE(fs::is_regular_file(fs::symlink_status(path_ / "notice.json")));
}

TEST_F(ControlDirTest, WhatIsLeftOfADeadTaskGoes) {
  Make();
  std::ofstream(path_ / "of the user's") << "x";
  ClearControlDirs(root_);
  EXPECT_FALSE(fs::exists(path_));
  const auto again = Make();
  again->Remove();
  EXPECT_FALSE(fs::exists(path_));
}

}  // namespace
}  // namespace bsub::spawner
