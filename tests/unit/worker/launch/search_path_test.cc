#include "worker/launch/search_path.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace bsub::worker {
namespace {

namespace path_fs = std::filesystem;

class SearchPath : public ::testing::Test {
 protected:
  ~SearchPath() override { path_fs::remove_all(root_); }
  static path_fs::path OwnFolder() {
    std::string name = path_fs::temp_directory_path() / "bsub-path-XXXXXX";
    return mkdtemp(name.data());
  }
  std::string Program(const std::string& path) const {
    const path_fs::path file = root_ / path;
    path_fs::create_directories(file.parent_path());
    std::ofstream(file) << "#!/bin/sh\n";
    path_fs::permissions(file, path_fs::perms::owner_all);
    return file;
  }

  path_fs::path root_ = OwnFolder();
};

TEST_F(SearchPath, IsSearchedAsAShellDoes) {
  const std::string program = Program("bin/solver");
  const std::string bin = root_ / "bin";
  EXPECT_EQ(FindInPath("solver", "/nowhere:" + bin), program);
  EXPECT_EQ(FindInPath(program, ""), program);
  EXPECT_EQ(FindInPath("solver", "/nowhere"), "");
  EXPECT_EQ(FindInPath("./no-such-program", bin), "");
}

TEST_F(SearchPath, AFolderOfThatNameIsNoProgram) {
  path_fs::create_directories(root_ / "first/solver");
  const std::string program = Program("second/solver");
  EXPECT_EQ(FindInPath("solver", (root_ / "first").string() + ":" + (root_ / "second").string()), program);
  EXPECT_EQ(FindInPath(root_ / "first/solver", ""), "");
}

TEST_F(SearchPath, AFileThatNobodyMayRunIsNoProgram) {
  path_fs::permissions(Program("bin/text"), path_fs::perms::owner_read);
  EXPECT_EQ(FindInPath("text", root_ / "bin"), "");
}

}  // namespace
}  // namespace bsub::worker
