// What the agent opens when it looks for an attempt's output.
#include "worker/daemon/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

namespace bsub::worker {
namespace {

const AttemptKey kAttempt{JobId(1), 0, 1};

class OutputFileTest : public testing::Test {
 protected:
  OutputFileTest() {
    std::string pattern = testing::TempDir() + "bsub-output-file-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    std::filesystem::create_directories(directory_ + "/output/1");
    spool_.Reset(open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  }
  ~OutputFileTest() override { std::filesystem::remove_all(directory_); }

  // A file of the user's, to which a link stands in the spool.
  std::string LinkedFile() {
    const std::string path = directory_ + "/mine";
    std::filesystem::create_symlink(path, directory_ + "/output/1/0.1.out");
    return path;
  }

  std::string directory_;
  UniqueFd spool_;
};

TEST_F(OutputFileTest, AFileOfTheUsersIsRead) {
  const std::string path = LinkedFile();
  EXPECT_EQ(OutputFile::Open(spool_.get(), kAttempt, false).error().code, Code::kNotFound) << "not there yet";
  std::ofstream(path) << "words\n";
  const auto file = OutputFile::Open(spool_.get(), kAttempt, false);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->ReadAt(0, 100), "words\n");
}

TEST_F(OutputFileTest, AFolderWithoutTheAttemptsFileSaysThatItWroteNothing) {
  EXPECT_EQ(OutputFile::Open(spool_.get(), kAttempt, false).error().code, Code::kNotFound);
  EXPECT_TRUE(OutputFile::WroteNothing(spool_.get(), kAttempt, false));
  EXPECT_FALSE(OutputFile::WroteNothing(spool_.get(), {JobId(2), 0, 1}, false)) << "it was never here";
  LinkedFile();
  EXPECT_FALSE(OutputFile::WroteNothing(spool_.get(), kAttempt, false)) << "its file cannot be found";
}

// A reader that comes and goes would let the pipe's writer begin, and kill it with SIGPIPE.
TEST_F(OutputFileTest, ANamedPipeIsNotOpened) {
  const std::string path = LinkedFile();
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const UniqueFd watch(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  ASSERT_GE(inotify_add_watch(watch.get(), path.c_str(), IN_OPEN), 0);
  const auto opened = [&] {
    std::array<char, 1024> events{};
    return read(watch.get(), events.data(), events.size()) > 0;
  };
  const auto file = OutputFile::Open(spool_.get(), kAttempt, false);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message, "the output does not go to a regular file");
  EXPECT_FALSE(opened());
  const UniqueFd reader(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  EXPECT_TRUE(opened()) << "the watch tells nothing";
}

}  // namespace
}  // namespace bsub::worker
