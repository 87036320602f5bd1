#include "worker/step/processes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "worker/launch/unique_fd.h"

namespace bsub::step {
namespace {

// A shell that began with this variable alone and does nothing, until the end of this.
class IdleShell {
 public:
  explicit IdleShell(std::string variable) {
    int says[2] = {-1, -1};
    int hears[2] = {-1, -1};
    EXPECT_EQ(pipe2(says, O_CLOEXEC), 0);
    EXPECT_EQ(pipe2(hears, O_CLOEXEC), 0);
    input_.Reset(hears[1]);
    const worker::UniqueFd output(says[0]);
    char* environment[] = {variable.data(), nullptr};
    pid_ = fork();
    if (pid_ == 0) {
      dup2(hears[0], STDIN_FILENO);
      dup2(says[1], STDOUT_FILENO);
      execle("/bin/sh", "sh", "-c", "echo; read end", nullptr, environment);
      _exit(1);
    }
    close(hears[0]);
    close(says[1]);
    char begun = 0;
    EXPECT_EQ(read(output.get(), &begun, 1), 1);
  }
  ~IdleShell() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  IdleShell(const IdleShell&) = delete;
  IdleShell& operator=(const IdleShell&) = delete;

  pid_t pid() const { return pid_; }

 private:
  worker::UniqueFd input_;
  pid_t pid_ = -1;
};

TEST(Processes, OnesEnvironmentTellsWhoseItIs) {
  const IdleShell shell("SECRET=ours");
  EXPECT_FALSE(BeganWithout(shell.pid(), "SECRET=ours"));
  for (const char* other : {"SECRET=", "SECRET=our", "SECRET=ours2", "ECRET=ours", "OTHER=ours"})
    EXPECT_TRUE(BeganWithout(shell.pid(), other)) << other;
  EXPECT_FALSE(BeganWithout(0, "SECRET=ours")) << "there is none: nothing is known";
}

}  // namespace
}  // namespace bsub::step
