// A command on another node, from the launch agent that orders it to the server that runs it, each in a
// process of its own.
#include "worker/step/remote_step.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "worker/step/launch_agent.h"
#include "worker/step/note_file.h"
#include "worker/step/step_server.h"

namespace bsub::step {
namespace {

namespace step_fs = std::filesystem;

constexpr std::size_t kMegabytes = 8'000'000;  // more than pipes, sockets and buffers hold together

worker::UniqueFd PidfdOfParent() {
  return worker::UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, getppid(), 0)));
}

class RemoteCommand : public ::testing::Test {
 protected:
  RemoteCommand() {
    gang_.nodes = {{"n1", "127.0.0.1"}, {"n2", "127.0.0.1"}};
    gang_.secret = std::string(40, 'r') + std::to_string(getpid()) + std::string(24, '0');
    gang_.scratch = folder_;
    server_ = fork();
    if (server_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      gang_.index = 1;
      _exit(RunStepServer(gang_));
    }
  }
  ~RemoteCommand() override {
    kill(server_, SIGTERM);
    int status = 0;
    waitpid(server_, &status, 0);
    EXPECT_EQ(status, 0) << "the server ends when it is told to";
    step_fs::remove_all(folder_);
  }

  static step_fs::path OwnFolder() {
    std::string name = step_fs::temp_directory_path() / "bsub-remote-XXXXXX";
    return mkdtemp(name.data());
  }
  std::string File(const std::string& name) const { return folder_ / name; }
  std::string Contents(const std::string& name) const {
    std::ifstream in(File(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  [[noreturn]] void BecomeAgent(const std::string& command) const {
    dup2(open(File("in").c_str(), O_RDONLY | O_CREAT, 0600), STDIN_FILENO);
    dup2(open(File("out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    dup2(open(File("err").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    _exit(RunLaunchAgent(gang_, {"n2", command}, PidfdOfParent()));
  }

  // Its exit code; `input`: on its standard input.
  int Run(const std::string& command, const std::string& input = "") const {
    std::ofstream(File("in"), std::ios::binary | std::ios::trunc) << input;
    const pid_t agent = fork();
    if (agent == 0) BecomeAgent(command);
    int status = 0;
    waitpid(agent, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

  step_fs::path folder_ = OwnFolder();
  Gang gang_;
  pid_t server_ = -1;
};

TEST_F(RemoteCommand, HasTheStreamsAndTheExitCodeOfItsAgent) {
  EXPECT_EQ(Run("cat; echo there >&2; exit 7", "here"), 7);
  EXPECT_EQ(Contents("out"), "here");
  EXPECT_EQ(Contents("err"), "there\n");
  EXPECT_EQ(Run("kill -KILL $$"), 128 + SIGKILL);
  EXPECT_EQ(ReadNotes(folder_), "") << "no connection was lost";
}

TEST_F(RemoteCommand, TakesAndGivesMegabytes) {
  std::string input;
  while (input.size() < kMegabytes) input += std::to_string(input.size()) + "\n";
  EXPECT_EQ(Run("cat", input), 0);
  EXPECT_TRUE(Contents("out") == input);
}

// Neither side reads while it waits for the other to read.
TEST_F(RemoteCommand, MayWriteMegabytesBeforeItReadsAny) {
  const std::string size = std::to_string(kMegabytes);
  EXPECT_EQ(Run("head -c " + size + " /dev/zero; wc -c >&2", std::string(kMegabytes, 'x')), 0);
  EXPECT_EQ(Contents("out").size(), kMegabytes);
  EXPECT_EQ(std::atol(Contents("err").c_str()), static_cast<long>(kMegabytes));
}

TEST_F(RemoteCommand, NeedNotReadItsInput) {
  const std::string input(kMegabytes, 'x');
  EXPECT_EQ(Run("true", input), 0);
  EXPECT_EQ(Run("head -c 1 > /dev/null; echo done", input), 0);
  EXPECT_EQ(Contents("out"), "done\n");
  EXPECT_EQ(Run("exec <&-; echo done; exit 3", input), 3);
  EXPECT_EQ(Contents("out"), "done\n");
  EXPECT_EQ(ReadNotes(folder_), "") << "no connection was lost";
}

TEST_F(RemoteCommand, LeavesNothingBehindIt) {
  EXPECT_EQ(Run("sleep 1000 & echo $!; exit 0"), 0);
  EXPECT_EQ(kill(std::atoi(Contents("out").c_str()), 0), -1);
}

// The agent's parent, which is mpirun, ends while nobody reads what the agent writes.
TEST_F(RemoteCommand, EndsWithItsAgentsParentAlsoWhileItsOutputIsHeldUp) {
  int output[2] = {-1, -1};
  int alive[2] = {-1, -1};  // held by the agent alone
  ASSERT_EQ(pipe2(output, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(alive, O_CLOEXEC), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    if (fork() == 0) {
      dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
      dup2(output[1], STDOUT_FILENO);
      _exit(RunLaunchAgent(gang_, {"n2", "exec cat /dev/zero"}, PidfdOfParent()));
    }
    close(alive[1]);
    pause();
  }
  close(alive[1]);
  for (pollfd full{output[1], POLLOUT, 0}; poll(&full, 1, 0) > 0;) poll(nullptr, 0, 1);
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  char end = 0;
  EXPECT_EQ(read(alive[0], &end, 1), 0) << "until the agent has ended";
  for (const int fd : {output[0], output[1], alive[0]}) close(fd);
}

}  // namespace
}  // namespace bsub::step
