#include "worker/spawner/scratch_dirs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bsub::spawner {
namespace {

namespace scratch_fs = std::filesystem;

class ScratchDirsTest : public ::testing::Test {
 protected:
  ~ScratchDirsTest() override { scratch_fs::remove_all(folder_); }

  Status Make(const std::string& name) { return dirs_.Make(name, getuid(), getgid(), {{"hosts", "n1\n"}}); }
  static scratch_fs::path OwnFolder() {
    std::string name = scratch_fs::temp_directory_path() / "bsub-scratch-XXXXXX";
    return mkdtemp(name.data());
  }
  scratch_fs::path root() const { return folder_ / "scratch"; }

  scratch_fs::path folder_ = OwnFolder();
  ScratchDirs dirs_{(folder_ / "scratch").string(), false};
};

TEST_F(ScratchDirsTest, AreThereAsLongAsTheirAttempts) {
  EXPECT_FALSE(scratch_fs::exists(root())) << "not before it is needed";
  ASSERT_TRUE(Make("12.0.1.7"));
  ASSERT_TRUE(Make("13.0.1.7"));
  EXPECT_EQ(dirs_.Read("12.0.1.7", "hosts"), "n1\n");
  EXPECT_EQ(scratch_fs::status(root() / "12.0.1.7").permissions(), scratch_fs::perms::owner_all);
  dirs_.Remove("12.0.1.7");
  EXPECT_FALSE(scratch_fs::exists(root() / "12.0.1.7"));
  dirs_.Remove("13.0.1.7");
  EXPECT_FALSE(scratch_fs::exists(root())) << "nothing is left behind the last";
}

TEST_F(ScratchDirsTest, GoWithAllThatIsInThem) {
  ASSERT_TRUE(Make("12.0.1.7"));
  const scratch_fs::path closed = root() / "12.0.1.7" / "ompi.box.0" / "pid.1";
  scratch_fs::create_directories(closed);
  std::ofstream(closed / "file") << "x";
  scratch_fs::permissions(closed, scratch_fs::perms::none);
  dirs_.Remove("12.0.1.7");
  EXPECT_FALSE(scratch_fs::exists(root()));
}

TEST_F(ScratchDirsTest, LinksAreNotFollowed) {
  std::ofstream(folder_ / "precious") << "kept";
  scratch_fs::create_directory(folder_ / "folder");
  std::ofstream(folder_ / "folder" / "precious") << "kept";
  ASSERT_TRUE(Make("12.0.1.7"));
  scratch_fs::create_symlink(folder_ / "precious", root() / "12.0.1.7" / "ends");
  scratch_fs::create_directory_symlink(folder_ / "folder", root() / "12.0.1.7" / "link");
  EXPECT_EQ(dirs_.Read("12.0.1.7", "ends"), "") << "it may be another user's";
  dirs_.Remove("12.0.1.7");
  EXPECT_TRUE(scratch_fs::exists(folder_ / "precious"));
  EXPECT_TRUE(scratch_fs::exists(folder_ / "folder" / "precious"));
}

TEST_F(ScratchDirsTest, AreMadeAnewForAStartThatIsTriedAgain) {
  ASSERT_TRUE(Make("12.0.1.7"));
  std::ofstream(root() / "12.0.1.7" / "ends") << "of the first";
  ASSERT_TRUE(Make("12.0.1.7"));
  EXPECT_EQ(dirs_.Read("12.0.1.7", "ends"), "");
}

TEST_F(ScratchDirsTest, OfASpawnerBeforeAreCleared) {
  ASSERT_TRUE(Make("12.0.1.7"));
  dirs_.Clear();
  EXPECT_FALSE(scratch_fs::exists(root()));
  dirs_.Clear();
}

// In a folder where everybody may make files.
TEST_F(ScratchDirsTest, APlaceThatIsNotOursIsRefused) {
  scratch_fs::create_directory(folder_ / "elsewhere");
  scratch_fs::create_directory_symlink(folder_ / "elsewhere", root());
  const Status made = Make("12.0.1.7");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("is not a directory of this user"), std::string::npos);
}

}  // namespace
}  // namespace bsub::spawner
