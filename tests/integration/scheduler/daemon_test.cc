// bsub-lite-scheduler as a process: starts, is killed, starts again; refuses to start with one line that says
// why.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>
#include <optional>
#include <sstream>

#include "tests/integration/scheduler/fake_node.h"
#include "tests/integration/scheduler/requests.h"
#include "tests/integration/scheduler/test_cluster.h"

extern char** environ;

namespace bsub::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class SchedulerProcess {
 public:
  SchedulerProcess(const std::string& home, std::vector<std::string> more = {})
      : home_(home), log_(home + ".log") {
    std::vector<std::string> words = {Program(), "--home", home_};
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

  static std::string Program() {
    return std::string(std::getenv("BSUB_BUILD_DIR")) + "/bin/bsub-lite-scheduler";
  }

  // Returns when it answers.
  void WaitReady() {
    const auto client = Client();
    Eventually(
        [&] {
          grpc::ClientContext context;
          v1::StatusReply reply;
          return client->Status(&context, {}, &reply).ok() && reply.scheduler_pid() == pid_;
        },
        "the scheduler answers: " + Log());
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
  std::shared_ptr<grpc::Channel> Connect() const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 50);
    arguments.SetInt("serial", ++serial_);  // a connection of its own
    return grpc::CreateCustomChannel("unix:" + home_ + "/run/scheduler.sock",
                                     grpc::InsecureChannelCredentials(), arguments);
  }
  std::unique_ptr<v1::Scheduler::Stub> Client() const { return v1::Scheduler::NewStub(Connect()); }
  std::string Log() const { return ReadAll(log_); }

 private:
  static inline int serial_ = 0;
  const std::string home_;
  const std::string log_;
  pid_t pid_ = 0;
};

class DaemonTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  const std::string home_ = directory_.path() + "/home";
};

TEST_F(DaemonTest, WhatWasAcknowledgedSurvivesKill) {
  v1::SubmitRequest request = Command({"echo", "hi"});
  request.set_token(std::string(16, 'k'));
  {
    SchedulerProcess scheduler(home_);
    scheduler.WaitReady();
    EXPECT_EQ(SubmitOk(*scheduler.Client(), request).job_id(), 1u);
    scheduler.Kill(SIGKILL);
  }
  SchedulerProcess scheduler(home_);
  scheduler.WaitReady();
  const auto client = scheduler.Client();
  EXPECT_TRUE(SubmitOk(*client, request).repeated());
  FakeNode node(scheduler.Connect(), HelloOf("n1"));
  ASSERT_TRUE(node.Accept());
  const auto launch = node.TakeLaunch();
  ASSERT_TRUE(launch);
  EXPECT_THAT(launch->command().argv(), ::testing::ElementsAre("echo", "hi"));
  node.ReportStarted(launch->attempt());
  node.ReportEnded(launch->attempt(), EndKind::kExited, 4);
  EXPECT_EQ(WaitFor(*client, {"1"}).exit_code(), 4);
  const v1::Job job = GetJobOk(*client, "1");
  ASSERT_EQ(job.attempts_size(), 1);
  EXPECT_EQ(job.attempts(0).nodes(0), "n1");
  EXPECT_EQ(job.attempts(0).allocated().cpu_milli(), 1000);
  EXPECT_EQ(SubmitOk(*client, Command({"true"})).job_id(), 2u);
}

TEST_F(DaemonTest, TermIsACleanEndAndTheHistoryGoesOn) {
  {
    SchedulerProcess scheduler(home_);
    scheduler.WaitReady();
    const auto client = scheduler.Client();
    FakeNode node(scheduler.Connect(), HelloOf("n1"));
    ASSERT_TRUE(node.Accept());
    SubmitOk(*client, Command({"true"}));
    const auto launch = node.TakeLaunch();
    ASSERT_TRUE(launch);
    node.ReportEnded(launch->attempt(), EndKind::kExited, 0);
    WaitFor(*client, {"1"});
    EXPECT_EQ(scheduler.Kill(SIGTERM), 0) << scheduler.Log();
  }
  std::filesystem::remove_all(home_ + "/history");  // derived: made anew from the journal
  SchedulerProcess scheduler(home_);
  scheduler.WaitReady();
  EXPECT_EQ(GetJobOk(*scheduler.Client(), "1").attempts_size(), 1);
  grpc::ClientContext context;
  const auto stream = scheduler.Client()->Events(&context, {});
  std::size_t events = 0;
  for (v1::Event event; stream->Read(&event);) EXPECT_EQ(event.sequence(), ++events);
  EXPECT_GE(events, 6u);
}

TEST_F(DaemonTest, SnapshotsAreMadeWhileItRuns) {
  mkdir(home_.c_str(), 0700);
  std::ofstream(home_ + "/settings.yaml") << "journal:\n  snapshot_bytes: 20K\n  segment_bytes: 16K\n";
  {
    SchedulerProcess scheduler(home_, {"--config", home_ + "/settings.yaml"});
    scheduler.WaitReady();
    const auto client = scheduler.Client();
    for (int i = 0; i < 100; ++i) SubmitOk(*client, Command({"true", std::to_string(i)}));
    Eventually(
        [&] {
          grpc::ClientContext context;
          v1::StatusReply status;
          return client->Status(&context, {}, &status).ok() && status.journal().snapshot_sequence() > 0;
        },
        "a snapshot is made");
    scheduler.Kill(SIGKILL);
  }
  SchedulerProcess scheduler(home_, {"--config", home_ + "/settings.yaml"});
  scheduler.WaitReady();
  EXPECT_THAT(scheduler.Log(), Not(HasSubstr("snapshot=0")));
  EXPECT_EQ(GetJobOk(*scheduler.Client(), "100").command(1), "99");
  EXPECT_EQ(SubmitOk(*scheduler.Client(), Command({"true"})).job_id(), 101u);
}

TEST_F(DaemonTest, ASecondOneOnTheSameHomeIsRefused) {
  SchedulerProcess first(home_);
  first.WaitReady();
  const std::string log = first.Log();
  SchedulerProcess second(home_);  // its log replaces the first one's
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_THAT(second.Log(), HasSubstr("another scheduler uses this directory"));
  EXPECT_EQ(SubmitOk(*first.Client(), Command({"true"})).job_id(), 1u);
}

TEST_F(DaemonTest, ATakenPortAndAnOpenTokenFileStopTheStart) {
  const std::string tokens = directory_.path() + "/tokens";
  std::ofstream(tokens) << "ops " << std::string(32, 'x') << " admin\n";
  chmod(tokens.c_str(), 0600);
  const int holder = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(holder, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(holder, 1), 0);
  ASSERT_EQ(getsockname(holder, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string where = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  {
    SchedulerProcess scheduler(home_, {"--listen", where, "--token-file", tokens});
    EXPECT_EQ(scheduler.Wait(), 1);
    EXPECT_THAT(scheduler.Log(), HasSubstr("cannot listen on " + where + ": Address already in use"));
  }
  close(holder);
  chmod(tokens.c_str(), 0644);
  SchedulerProcess scheduler(home_, {"--listen", "127.0.0.1:0", "--token-file", tokens});
  EXPECT_EQ(scheduler.Wait(), 1);
  EXPECT_THAT(scheduler.Log(), HasSubstr("chmod 600"));
}

TEST_F(DaemonTest, PortZeroIsWrittenDown) {
  const std::string tokens = directory_.path() + "/tokens";
  std::ofstream(tokens) << "ops " << std::string(32, 'x') << " admin\n";
  chmod(tokens.c_str(), 0600);
  SchedulerProcess scheduler(home_, {"--listen", "127.0.0.1:0", "--token-file", tokens});
  scheduler.WaitReady();
  const std::string port = ReadAll(home_ + "/run/scheduler.port");
  EXPECT_GT(std::atoi(port.c_str()), 0) << port;
}

TEST_F(DaemonTest, WrongUseIsExplained) {
  for (const auto& [words, text] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--hoem", "x"}, "--home"},
           {{"--listen", "127.0.0.1:0"}, "--token-file"},
           {{"--config", "/nonexistent"}, "/nonexistent"},
           {{"--token-file", "x"}, "--listen"}}) {
    SchedulerProcess scheduler(home_, words);
    EXPECT_EQ(scheduler.Wait(), 2);
    EXPECT_THAT(scheduler.Log(), HasSubstr(text));
  }
}

TEST_F(DaemonTest, ADirectoryItCannotWriteIsNamed) {
  if (geteuid() == 0) {
    // Root may write everywhere: a file where the directory should be stands in for it.
    mkdir(home_.c_str(), 0700);
    std::ofstream(home_ + "/journal") << "not a directory";
  } else {
    mkdir(home_.c_str(), 0500);
  }
  SchedulerProcess scheduler(home_);
  EXPECT_EQ(scheduler.Wait(), 1);
  EXPECT_THAT(scheduler.Log(), AllOf(HasSubstr("bsub-lite-scheduler: "), HasSubstr(home_)));
}

TEST_F(DaemonTest, DamageInTheJournalIsRefusedWithItsOwnCode) {
  {
    SchedulerProcess scheduler(home_);
    scheduler.WaitReady();
    for (int i = 0; i < 5; ++i) SubmitOk(*scheduler.Client(), Command({"true"}));
    EXPECT_EQ(scheduler.Kill(SIGTERM), 0);
  }
  std::fstream segment(home_ + "/journal/segment-00000000000000000001",
                       std::ios::in | std::ios::out | std::ios::binary);
  segment.seekp(200);
  segment.put('\x55');
  segment.close();
  SchedulerProcess scheduler(home_);
  EXPECT_EQ(scheduler.Wait(), 3) << scheduler.Log();
  EXPECT_THAT(scheduler.Log(), HasSubstr("segment-00000000000000000001"));
}

TEST_F(DaemonTest, ShutDownThatStopsTasksSendsThemBackToTheQueue) {
  {
    SchedulerProcess scheduler(home_);
    scheduler.WaitReady();
    const auto client = scheduler.Client();
    FakeNode node(scheduler.Connect(), HelloOf("n1"));
    ASSERT_TRUE(node.Accept());
    SubmitOk(*client, Command({"sleep", "1000"}));
    const auto launch = node.TakeLaunch();
    ASSERT_TRUE(launch);
    node.ReportStarted(launch->attempt());
    grpc::ClientContext context;
    v1::ShutDownRequest request;
    request.set_stop_tasks(true);
    v1::Empty empty;
    ASSERT_TRUE(client->ShutDown(&context, request, &empty).ok());
    const auto stop = node.Take(v1::ToNode::kStop);
    ASSERT_TRUE(stop);
    node.ReportEnded(stop->stop().attempt(), EndKind::kSignalled, 15);
    EXPECT_EQ(scheduler.Wait(), 0) << scheduler.Log();
  }
  SchedulerProcess scheduler(home_);
  scheduler.WaitReady();
  EXPECT_EQ(GetJobOk(*scheduler.Client(), "1").state(), "RUNNABLE");
}

}  // namespace
}  // namespace bsub::testing
