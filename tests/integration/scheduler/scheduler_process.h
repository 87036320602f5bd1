// bsub-lite-scheduler as a process of its own: started, asked, killed and waited for by a test.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "tests/integration/scheduler/fake_node.h"
#include "tests/integration/scheduler/requests.h"
#include "tests/integration/scheduler/test_cluster.h"

extern char** environ;

namespace bsub::testing {

inline std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class SchedulerProcess {
 public:
  // `more`: further words of the command line. Variables of this process's environment are inherited.
  explicit SchedulerProcess(const std::string& home, const std::vector<std::string>& more = {})
      : home_(home), log_(home + ".log") {
    std::vector<std::string> words = {BuildDirectory() + "/bin/bsub-lite-scheduler", "--home", home_};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    EXPECT_EQ(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~SchedulerProcess() {
    if (pid_ != 0) Kill(SIGKILL);
  }
  SchedulerProcess(const SchedulerProcess&) = delete;
  SchedulerProcess& operator=(const SchedulerProcess&) = delete;

  static std::string BuildDirectory() { return std::getenv("BSUB_BUILD_DIR"); }

  // Returns when it answers.
  void WaitReady() {
    const auto client = Client();
    const auto deadline = std::chrono::system_clock::now() + std::chrono::seconds(60);
    v1::StatusReply reply;
    grpc::Status status;
    do {  // a socket that a killed one left behind breaks a call that waits for ready
      ASSERT_TRUE(IsAlive()) << "it ended: " << Log();
      ASSERT_LT(std::chrono::system_clock::now(), deadline) << status.error_message() << "\n" << Log();
      grpc::ClientContext context;
      context.set_wait_for_ready(true);
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
      status = client->Status(&context, {}, &reply);
    } while (!status.ok() || reply.scheduler_pid() != pid_);
  }
  bool IsAlive() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == 0;
  }
  // The exit code, or minus the signal.
  int Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  int Kill(int signal) {
    kill(pid_, signal);
    return Wait();
  }
  pid_t pid() const { return pid_; }
  std::shared_ptr<grpc::Channel> Connect() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 50);
    arguments.SetInt("serial", ++serial_);  // a connection of its own
    return grpc::CreateCustomChannel("unix:" + home_ + "/run/scheduler.sock",
                                     grpc::InsecureChannelCredentials(), arguments);
  }
  std::unique_ptr<v1::Scheduler::Stub> Client() const { return v1::Scheduler::NewStub(Connect()); }
  v1::StatusReply Status() const {
    grpc::ClientContext context;
    v1::StatusReply reply;
    const grpc::Status status = Client()->Status(&context, {}, &reply);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return reply;
  }
  std::string Log() const { return ReadAll(log_); }

 private:
  static inline int serial_ = 0;
  const std::string home_;
  const std::string log_;
  pid_t pid_ = 0;
};

class DaemonTest : public ::testing::Test {
 protected:
  // Options that make the scheduler use these settings (YAML).
  std::vector<std::string> WithSettings(const std::string& yaml) const {
    const std::string path = directory_.path() + "/settings.yaml";
    std::ofstream(path) << yaml;
    return {"--config", path};
  }

  TemporaryDirectory directory_;
  const std::string home_ = directory_.path() + "/home";
};

}  // namespace bsub::testing
