#include "worker/spawner/spare_outputs.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

namespace fs = std::filesystem;

const worker::AttemptKey kFirstKey{JobId(12), 0, 1}, kSecondKey{JobId(13), 4, 2};

class SpareOutputsTest : public ::testing::Test {
 protected:
  SpareOutputsTest() {
    std::string pattern = (fs::temp_directory_path() / "bsub-spare-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    fs::create_directory(directory_ + "/output");
    state_.Reset(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    plan_.uid = geteuid();
  }
  ~SpareOutputsTest() override { fs::remove_all(directory_); }
  ino_t Inode(const std::string& path) const {
    struct stat info {};
    return fstatat(state_.get(), path.c_str(), &info, 0) == 0 ? info.st_ino : 0;
  }
  void Write(const std::string& path, const std::string& text) const {
    std::ofstream(directory_ + "/" + path, std::ios::app) << text;
  }
  std::string Read(const std::string& path) const {
    std::ostringstream text;
    text << std::ifstream(directory_ + "/" + path).rdbuf();
    return text.str();
  }
  std::string directory_;
  UniqueFd state_;
  ChildPlan plan_;
};

TEST_F(SpareOutputsTest, AnEmptyFileServesTheNextTask) {
  SpareOutputs spares(state_.get());
  const std::string path = spares.Prepare(3, kFirstKey, plan_).value();
  const ino_t inode = Inode(path);
  EXPECT_TRUE(spares.IsEmpty(3));
  EXPECT_EQ(spares.Prepare(3, kSecondKey, plan_).value(), path);
  EXPECT_EQ(Inode(path), inode);
  EXPECT_NE(spares.Prepare(4, kFirstKey, plan_).value(), path);
  EXPECT_TRUE(fs::is_directory(directory_ + "/output/12")) << "it was here, and wrote nothing";
  EXPECT_TRUE(fs::is_directory(directory_ + "/output/13"));
  EXPECT_TRUE(fs::is_empty(directory_ + "/output/12"));
}

TEST_F(SpareOutputsTest, WhatWasWrittenGetsTheAttemptsName) {
  SpareOutputs spares(state_.get());
  const std::string path = spares.Prepare(3, kFirstKey, plan_).value();
  Write(path, "one\n");
  EXPECT_FALSE(spares.IsEmpty(3));
  EXPECT_EQ(spares.Name(3, kFirstKey).value(), "output/12/0.1.out");
  EXPECT_EQ(Read("output/12/0.1.out"), "one\n");
  EXPECT_EQ(spares.Prepare(3, kSecondKey, plan_).value(), path);
  EXPECT_EQ(Read(path), "");
}

TEST_F(SpareOutputsTest, AFolderThatWasDeletedIsMadeAgain) {
  SpareOutputs spares(state_.get());
  Write(spares.Prepare(3, kFirstKey, plan_).value(), "one\n");
  fs::remove_all(directory_ + "/output/12");
  ASSERT_TRUE(spares.Name(3, kFirstKey));
  EXPECT_EQ(Read("output/12/0.1.out"), "one\n");
}

// Of a process that got away, say.
TEST_F(SpareOutputsTest, AFileThatWasWrittenToLaterServesNobody) {
  SpareOutputs spares(state_.get());
  Write(spares.Prepare(3, kFirstKey, plan_).value(), "late");
  EXPECT_EQ(Read(spares.Prepare(3, kSecondKey, plan_).value()), "");
}

TEST_F(SpareOutputsTest, NobodyGetsAnotherUsersFile) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  SpareOutputs spares(state_.get());
  plan_.change_user = true;
  plan_.uid = 1000;
  plan_.spool_group = 1001;
  const std::string path = spares.Prepare(3, kFirstKey, plan_).value();
  const ino_t inode = Inode(path);
  struct stat info {};
  ASSERT_EQ(fstatat(state_.get(), path.c_str(), &info, 0), 0);
  EXPECT_EQ(info.st_uid, 1000u);
  EXPECT_EQ(info.st_gid, 1001u);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
  const UniqueFd held(openat(state_.get(), path.c_str(), O_RDONLY | O_CLOEXEC));
  plan_.uid = 1002;
  ASSERT_EQ(spares.Prepare(3, kFirstKey, plan_).value(), path);
  EXPECT_NE(Inode(path), inode);
  ASSERT_EQ(fstatat(state_.get(), "output/12", &info, 0), 0);
  EXPECT_EQ(info.st_gid, 1001u);
}

TEST_F(SpareOutputsTest, AfterADeathWhatWasWrittenIsNotLost) {
  SpareOutputs before(state_.get());
  Write(before.Prepare(0, kFirstKey, plan_).value(), "mine");
  Write(before.Prepare(1, kFirstKey, plan_).value(), "whose?");
  before.Prepare(2, kFirstKey, plan_).value();
  ClaimOutput(state_.get(), 0, kSecondKey);
  ClaimOutput(state_.get(), 2, kFirstKey);
  ClearSpareOutputs(state_.get());
  EXPECT_EQ(Read("output/13/4.2.out"), "mine");
  EXPECT_FALSE(fs::exists(directory_ + "/output/12/0.1.out"));
  EXPECT_TRUE(fs::is_empty(directory_ + "/spare"));
  ASSERT_TRUE(fs::exists(directory_ + "/output/unclaimed"));
  const auto aside = fs::directory_iterator(directory_ + "/output/unclaimed")->path();
  EXPECT_EQ(Read("output/unclaimed/" + aside.filename().string()), "whose?");
}

}  // namespace
}  // namespace bsub::spawner
