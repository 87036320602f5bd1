// bsub-lite-scheduler as a process: starts, is killed, starts again; refuses to start with one line that says
// why.
#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>

#include "tests/integration/scheduler/scheduler_process.h"

namespace bsub::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A client that nobody polls does not close its connection when it is told to.
constexpr const char* kQuickStop = "rpc:\n  stop_timeout: 100ms\n";

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
    SchedulerProcess scheduler(home_, WithSettings(kQuickStop));
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

TEST_F(DaemonTest, ATokenOfAUserWhoIsGoneIsToldAndKeepsNobodyElseOut) {
  const std::string tokens = directory_.path() + "/tokens";
  std::ofstream(tokens) << "bob " << std::string(32, 'b') << " user 4294960000\nops " << std::string(32, 'x')
                        << " admin\n";
  chmod(tokens.c_str(), 0600);
  SchedulerProcess scheduler(home_, {"--listen", "127.0.0.1:0", "--token-file", tokens});
  scheduler.WaitReady();
  EXPECT_THAT(scheduler.Log(), HasSubstr("level=warning event=token-of-nobody text=\"token file " + tokens +
                                         ": line 1: uid 4294960000 is not in this machine's"));
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
    SchedulerProcess scheduler(home_, WithSettings(kQuickStop));
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
