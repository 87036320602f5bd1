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
    auto made = ControlDir::Make(path_, {}, 30'000'000);
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  void Report(std::string_view kind, std::uint64_t generation) {
    control::Report report(kind);
    report.Add("generation", generation);
    ASSERT_EQ(control::AppendReport(path_, report), 0);
  }

  fs::path root_;
  fs::path path_;
};

TEST_F(ControlDirTest, ANoticeIsOnThePageAndInTheFile) {
  const auto dir = Make();
  control::PageReader page;
  ASSERT_EQ(page.Open(path_), 0);
  EXPECT_EQ(page.Read().interval_ms, 30'000u);
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

TEST_F(ControlDirTest, TheNewestReportCounts) {
  const auto dir = Make();
  EXPECT_EQ(dir->ReadReport().generation, 0u);
  EXPECT_FALSE(dir->ReadReport().unsaved_us);
  Report("committed", 3);
  Report("progress", 9);
  EXPECT_EQ(dir->ReadReport().generation, 3u);
  EXPECT_FALSE(dir->ReadReport().stopped);
  EXPECT_TRUE(dir->ReadReport().unsaved_us);
  Report("committed", 4);
  Report("stopped", 4);
  EXPECT_EQ(dir->ReadReport().generation, 4u);
  EXPECT_TRUE(dir->ReadReport().stopped);
}

TEST_F(ControlDirTest, WhoStopsAfterASaveThatFailedHasFallenBack) {
  const auto dir = Make();
  Report("loaded", 2);
  EXPECT_EQ(dir->ReadReport().generation, 2u) << "it goes on from there";
  EXPECT_FALSE(dir->ReadReport().unsaved_us) << "that was saved by another attempt";
  Report("failed", 3);
  Report("stopped", 2);
  EXPECT_TRUE(dir->ReadReport().fell_back);
  EXPECT_EQ(dir->ReadReport().generation, 2u);
  Report("failed", 4);
  Report("committed", 5);
  Report("stopped", 5);
  EXPECT_FALSE(dir->ReadReport().fell_back) << "a later save was good";
}

TEST_F(ControlDirTest, WhoStopsAtAnEarlierStepThanItHadReachedHasFallenBack) {
  const auto dir = Make();
  for (const auto& [kind, step] : {std::pair("stopping", 9), std::pair("stopped", 7)}) {
    control::Report report(kind);
    report.Add("step", static_cast<std::uint64_t>(step));
    ASSERT_EQ(control::AppendReport(path_, report), 0);
  }
  EXPECT_TRUE(dir->ReadReport().fell_back);
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
