// The real agent between a real spawner and a scheduler played by the test.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <filesystem>

#include "jobs/end.h"
#include "tests/integration/agent/fake_scheduler.h"
#include "tests/integration/spawner/spawner_fixture.h"

namespace bsub::agent_test {
namespace {

using spawner_test::Eventually;
using spawner_test::ProcessRuns;
using spawner_test::Slurp;
using spawner_test::Spill;
using ::testing::HasSubstr;

class AgentTest : public spawner_test::SpawnerTest {
 protected:
  void SetUp() override {
    SpawnerTest::SetUp();
    address_ = "unix:" + dir_ + "/scheduler.sock";
    StartSpawner();
    scheduler_ = std::make_unique<FakeScheduler>(address_);
  }
  void TearDown() override {
    if (agent_ > 0) EndAgent();
    scheduler_.reset();
    if (HasFailure()) std::fprintf(stderr, "agent's log:\n%s\n", AgentLog().c_str());
    SpawnerTest::TearDown();
  }

  void StartAgent(const std::vector<std::string>& more = {}) {
    const std::string program = Arguments()[0];
    std::vector<std::string> arguments = {program.substr(0, program.rfind('/')) + "/bsub-lite-agent",
                                          "--scheduler",
                                          address_,
                                          "--spawner",
                                          state_ + "/spawner.sock",
                                          "--name",
                                          "n1",
                                          "--cpus",
                                          "3",
                                          "--memory",
                                          "2G",
                                          "--home",
                                          dir_ + "/agent"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    agent_ = Spawn(arguments, dir_ + "/agent.log");
  }
  void KillAgent() {
    kill(agent_, SIGKILL);
    waitpid(agent_, nullptr, 0);
    agent_ = -1;
  }
  // Its exit status, once it ends by itself.
  int AwaitAgent() {
    int status = 0;
    EXPECT_TRUE(Eventually([&] { return waitpid(agent_, &status, WNOHANG) == agent_; }));
    agent_ = -1;
    EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
    return WEXITSTATUS(status);
  }
  int EndAgent() {
    kill(agent_, SIGTERM);
    return AwaitAgent();
  }
  std::string AgentLog() const { return Slurp(dir_ + "/agent.log"); }

  void SendLaunch(const v1::Launch& launch, std::uint64_t incarnation = 0) {
    v1::ToNode message;
    message.set_incarnation(incarnation);
    message.mutable_launch()->set_launch(launch.SerializeAsString());
    *message.mutable_launch()->mutable_attempt() = launch.attempt();
    scheduler_->Send(std::move(message));
  }
  void SendAck(const v1::Launch& launch) {
    v1::ToNode message;
    *message.mutable_ack_ended()->mutable_attempt() = launch.attempt();
    scheduler_->Send(std::move(message));
  }
  v1::ReadLog ReadOf(const v1::Launch& launch, std::uint64_t request) const {
    v1::ReadLog read;
    read.set_request(request);
    *read.mutable_attempt() = launch.attempt();
    return read;
  }
  void SendRead(const v1::ReadLog& read) {
    v1::ToNode message;
    *message.mutable_read_log() = read;
    scheduler_->Send(std::move(message));
  }
  // All of an answer, its error at the end.
  std::string ReadAnswer(std::uint64_t request) {
    std::string text;
    for (;;) {
      const v1::FromNode message = scheduler_->Await(
          [=](const v1::FromNode& m) { return m.has_log() && m.log().request() == request; });
      text += message.log().data() + message.log().error();
      if (message.log().end() || !message.has_log()) return text;
    }
  }
  v1::TaskReport Run(const v1::Launch& launch) {
    SendLaunch(launch);
    const v1::TaskReport report = scheduler_->AwaitReport(launch.attempt().job(), true);
    SendAck(launch);
    return report;
  }

  std::string address_;
  std::unique_ptr<FakeScheduler> scheduler_;
  pid_t agent_ = -1;
};

TEST_F(AgentTest, RegistersAndRunsATask) {
  StartAgent({"--gpus", "2", "--interruptible", "--on-lease-loss", "kill"});
  const v1::Hello hello = scheduler_->Accept(4);
  EXPECT_EQ(hello.name(), "n1");
  EXPECT_EQ(hello.cpu_milli(), 3000);
  EXPECT_EQ(hello.mem_bytes(), std::int64_t{2} << 30);
  EXPECT_EQ(hello.gpus(), 2);
  EXPECT_TRUE(hello.interruptible());
  EXPECT_TRUE(hello.kill_on_lease_loss());
  EXPECT_EQ(hello.lease_grace_us(), 35'000'000) << "the spawner's default grace, and what its kills may take";
  EXPECT_EQ(hello.spawner_id().size(), 32u);
  EXPECT_FALSE(hello.boot_id().empty());
  EXPECT_EQ(hello.tasks_size(), 0);

  const v1::Launch launch = Shell(1, "exit 5");
  SendLaunch(launch);
  const v1::TaskReport started = scheduler_->AwaitReport(1, false);
  EXPECT_TRUE(started.started());
  EXPECT_GT(started.pid(), 0);
  const v1::TaskReport ended = scheduler_->AwaitReport(1, true);
  EXPECT_EQ(ended.end_kind(), static_cast<int>(EndKind::kExited));
  EXPECT_EQ(ended.code(), 5);
  EXPECT_GT(ended.elapsed_us(), 0);
  SendAck(launch);
  v1::ToNode beat;
  beat.mutable_heartbeat()->set_count(1);
  scheduler_->Send(beat);
  scheduler_->Await([](const v1::FromNode& m) { return m.has_heartbeat(); });  // what came before it is done
  EXPECT_EQ(EndAgent(), 0);
  const auto again = Connect();
  ASSERT_NE(again, nullptr);
  EXPECT_TRUE(again->known().empty()) << "not forgotten: " << again->known()[0].ShortDebugString();
}

// What a user writes are bytes; an agent that chokes on them takes the node out of service.
TEST_F(AgentTest, NamesThatAreNoTextDisturbNobody) {
  StartAgent();
  scheduler_->Accept(1);
  v1::Launch program = Launch(1, {"/tmp/nope\xe9"});
  program.set_job_name("nope\xe9");
  SendLaunch(program);  // not acknowledged: it stays in the list
  const v1::TaskReport report = scheduler_->AwaitReport(1, true);
  EXPECT_EQ(report.end_kind(), static_cast<int>(EndKind::kNeverStarted));
  EXPECT_THAT(report.reason(), HasSubstr("cannot run '/tmp/nope\\xe9'"));

  v1::Launch directory = Shell(2, "exit 0");
  directory.set_working_directory(work_ + "/d\xe9");
  EXPECT_THAT(Run(directory).reason(), HasSubstr("/d\\xe9'"));
  v1::Launch output = Shell(3, "exit 0");
  output.set_stdout_path("none\xe9/out");
  EXPECT_THAT(Run(output).reason(), HasSubstr("none\\xe9/out'"));

  std::filesystem::create_directory(work_ + "/d\xe9");
  v1::Launch good = Shell(4, "pwd; echo $BSUB_JOB_NAME");
  good.set_working_directory(work_ + "/d\xe9");
  good.set_job_name("nope\xe9");
  good.set_stdout_path("out\xe9");
  EXPECT_EQ(Run(good).code(), 0) << "they arrive as they were";
  EXPECT_EQ(Slurp(work_ + "/d\xe9/out\xe9"), work_ + "/d\xe9\nnope\xe9\n");

  KillAgent();
  KillSpawner();
  StartSpawner();
  StartAgent();
  const v1::Hello hello = scheduler_->Accept(2);
  ASSERT_GE(hello.tasks_size(), 1) << "the record of the end is read again";
  EXPECT_EQ(hello.tasks(0).attempt().job(), 1u);
  EXPECT_EQ(hello.tasks(0).reason(), report.reason());
  EXPECT_EQ(Run(Shell(5, "exit 0")).code(), 0);
}

TEST_F(AgentTest, MayBeKilledWithoutHarmToItsTasks) {
  StartAgent();
  scheduler_->Accept(1);
  const v1::Launch launch = Shell(1, "while [ ! -e go ]; do sleep 0.01; done; exit 8");
  SendLaunch(launch);
  const auto pid = scheduler_->AwaitReport(1, false).pid();
  KillAgent();
  StartAgent();
  const v1::Hello hello = scheduler_->Accept(2);
  ASSERT_EQ(hello.tasks_size(), 1);
  EXPECT_EQ(hello.tasks(0).pid(), pid);
  EXPECT_TRUE(hello.tasks(0).started());
  EXPECT_EQ(hello.cluster_uuid(), "a-cluster") << "it remembers where it belongs";
  EXPECT_EQ(EndAgent(), 0);
  Spill(work_ + "/go", "");
  ASSERT_TRUE(Eventually([&] { return !ProcessRuns(pid); }));
  StartAgent();
  const v1::Hello last = scheduler_->Accept(3);
  ASSERT_EQ(last.tasks_size(), 1);
  if (!last.tasks(0).ended()) {
    EXPECT_EQ(scheduler_->AwaitReport(1, true).code(), 8);
  } else {
    EXPECT_EQ(last.tasks(0).code(), 8);
  }
}

TEST_F(AgentTest, RegistersAnewWhenTheSpawnerWasKilled) {
  StartAgent();
  const std::string first = scheduler_->Accept(1).spawner_id();
  SendLaunch(Launch(1, {"/bin/sleep", "1000"}));
  const auto pid = scheduler_->AwaitReport(1, false).pid();
  KillSpawner();
  StartSpawner();
  EXPECT_FALSE(ProcessRuns(pid));
  const v1::Hello hello = scheduler_->Accept(2);
  EXPECT_NE(hello.spawner_id(), first);
  EXPECT_EQ(hello.tasks_size(), 0);
  EXPECT_EQ(Run(Shell(2, "exit 0")).code(), 0);
}

TEST_F(AgentTest, ComesBackWhenTheSchedulerWasAway) {
  StartAgent();
  scheduler_->Accept(1);
  const v1::Launch launch = Shell(1, "exit 0");
  SendLaunch(launch);
  scheduler_->AwaitReport(1, true);  // and not acknowledged
  scheduler_.reset();
  scheduler_ = std::make_unique<FakeScheduler>(address_);
  const v1::Hello hello = scheduler_->Accept(2);
  ASSERT_EQ(hello.tasks_size(), 1);
  EXPECT_TRUE(hello.tasks(0).ended());
  SendLaunch(Shell(7, "echo ran > seven"), 1);  // an order of before
  EXPECT_EQ(Run(Shell(2, "exit 0")).code(), 0);
  EXPECT_FALSE(std::filesystem::exists(work_ + "/seven"));
}

TEST_F(AgentTest, EndsWithTheReasonWhenItIsNotWanted) {
  StartAgent();
  scheduler_->Refuse("busy with replay", false);
  scheduler_->Refuse("a node named n1 is connected from host h", true);
  EXPECT_EQ(AwaitAgent(), 2);
  EXPECT_THAT(AgentLog(), HasSubstr("a node named n1 is connected from host h"));
}

TEST_F(AgentTest, StopsTasksAndAnswersForUnknownOnes) {
  StartAgent();
  scheduler_->Accept(1);
  const v1::Launch launch = Launch(1, {"/bin/sleep", "1000"});
  SendLaunch(launch);
  scheduler_->AwaitReport(1, false);
  v1::ToNode stop;
  *stop.mutable_stop()->mutable_attempt() = launch.attempt();
  stop.mutable_stop()->set_grace_us(30'000'000);
  stop.mutable_stop()->set_reason("cancelled by ada");
  scheduler_->Send(stop);
  const v1::TaskReport ended = scheduler_->AwaitReport(1, true);
  EXPECT_EQ(ended.end_kind(), static_cast<int>(EndKind::kSignalled));
  EXPECT_EQ(ended.code(), SIGTERM);
  stop.mutable_stop()->mutable_attempt()->set_job(99);
  scheduler_->Send(stop);
  EXPECT_EQ(scheduler_->AwaitReport(99, true).end_kind(), static_cast<int>(EndKind::kNodeLost));
}

TEST_F(AgentTest, AnswersHeartbeatsAndKeepsTheLease) {
  StartAgent({"--on-lease-loss", "kill"});
  scheduler_->Accept(1, 1'000'000);  // the spawner kills when it runs out
  v1::Launch launch = Launch(1, {"/bin/sleep", "1000"});
  SendLaunch(launch);
  scheduler_->AwaitReport(1, false);
  for (std::uint64_t count = 1; count < 4; ++count) {
    v1::ToNode beat;
    beat.mutable_heartbeat()->set_count(count);
    scheduler_->Send(beat);
    EXPECT_EQ(scheduler_->Await([](const v1::FromNode& m) { return m.has_heartbeat(); }).heartbeat().count(),
              count);
  }
  const v1::TaskReport ended = scheduler_->AwaitReport(1, true);  // no more beats
  EXPECT_EQ(ended.end_kind(), static_cast<int>(EndKind::kNodeLost));
  EXPECT_THAT(ended.reason(), HasSubstr("silent for a whole lease"));
}

TEST_F(AgentTest, ReadsOutput) {
  StartAgent();
  scheduler_->Accept(1);
  const v1::Launch launch = Shell(1, "i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done");
  EXPECT_EQ(Run(launch).code(), 0);
  SendRead(ReadOf(launch, 1));
  EXPECT_EQ(ReadAnswer(1), Output(launch)) << "all of it, in parts";

  v1::ReadLog tail = ReadOf(launch, 2);
  tail.set_tail_lines(2);
  SendRead(tail);
  EXPECT_EQ(ReadAnswer(2), "line 29998\nline 29999\n");

  tail.set_request(3);
  tail.set_tail_bytes(5);
  tail.set_tail_lines(0);
  SendRead(tail);
  EXPECT_EQ(ReadAnswer(3), "9999\n");

  v1::ReadLog err = ReadOf(launch, 4);
  err.set_standard_error(true);
  SendRead(err);
  EXPECT_EQ(ReadAnswer(4), "") << "it is in standard output";

  SendRead(ReadOf(Shell(2, ""), 5));
  EXPECT_THAT(ReadAnswer(5), HasSubstr("no output of attempt 2.0.1"));
}

TEST_F(AgentTest, FollowsOutputToTheEnd) {
  StartAgent();
  scheduler_->Accept(1);
  v1::Launch launch = Shell(1, "echo first; while [ ! -e go ]; do sleep 0.01; done; echo last");
  launch.set_stdout_path("mine.%J");
  v1::ReadLog read = ReadOf(launch, 1);
  read.set_follow(true);
  SendLaunch(launch);
  SendRead(read);
  const auto first = scheduler_->Await([](const v1::FromNode& m) { return m.has_log(); });
  EXPECT_EQ(first.log().data(), "first\n");
  EXPECT_FALSE(first.log().end());

  v1::ReadLog other = ReadOf(launch, 2);
  other.set_follow(true);
  SendRead(other);
  EXPECT_EQ(scheduler_->Await([](const v1::FromNode& m) { return m.has_log(); }).log().request(), 2u);
  other.set_cancel(true);
  SendRead(other);

  Spill(work_ + "/go", "");
  EXPECT_EQ(ReadAnswer(1), "last\n") << "and then it ends";
}

TEST_F(AgentTest, SendsTheLastPartOfOutput) {
  StartAgent({"--tail-bytes", "6"});
  scheduler_->Accept(1);
  SendLaunch(Shell(1, "echo 0123456789"));
  const v1::OutputTail tail = scheduler_->Await([](const v1::FromNode& m) { return m.has_tail(); }).tail();
  EXPECT_EQ(tail.attempt().job(), 1u);
  EXPECT_EQ(tail.data(), "56789\n");
  EXPECT_EQ(tail.offset(), 5);
  EXPECT_TRUE(tail.final());
}

TEST_F(AgentTest, AnInterruptibleNodeSendsTheLastPartWhileTheTaskRuns) {
  StartAgent({"--interruptible", "--tail-every", "20ms"});
  scheduler_->Accept(1);
  const v1::Launch launch =
      Shell(1, "echo first; while [ ! -e go ]; do sleep 0.01; done; echo second; sleep 1000");
  SendLaunch(launch);
  const auto tail = [](const std::string& data) {
    return [data](const v1::FromNode& m) {
      return m.has_tail() && !m.tail().final() && m.tail().data() == data;
    };
  };
  scheduler_->Await(tail("first\n"));
  Spill(work_ + "/go", "");
  scheduler_->Await(tail("first\nsecond\n"));
}

TEST_F(AgentTest, OutputWithoutEndTakesNoMoreThanItsLimit) {
  EndSpawner();
  extra_ = {"--output-look", "10ms"};
  StartSpawner();
  StartAgent({"--tail-bytes", "0"});
  scheduler_->Accept(1);
  v1::Launch launch = Shell(1, "echo first; i=0; while [ ! -e go ]; do seq 1000000 1004999; done; echo last");
  constexpr std::int64_t kLimit = 1 << 20;
  launch.set_max_output_bytes(kLimit);
  SendLaunch(launch);
  const std::string file = state_ + "/output/1/0.1.out";
  struct stat info {};
  EXPECT_TRUE(Eventually([&] { return stat(file.c_str(), &info) == 0 && info.st_size > 8 * kLimit; }));
  Spill(work_ + "/go", "");
  EXPECT_EQ(scheduler_->AwaitReport(1, true).code(), 0) << "it goes on and succeeds";
  ASSERT_EQ(stat(file.c_str(), &info), 0);
  EXPECT_LE(info.st_blocks * 512, kLimit + 4096) << "of " << info.st_size;

  SendRead(ReadOf(launch, 1));
  const std::string shown = ReadAnswer(1);
  EXPECT_TRUE(shown.starts_with("first\n1000000\n"));
  EXPECT_TRUE(shown.ends_with("\n1004999\nlast\n"));
  EXPECT_THAT(shown, HasSubstr(" of output were dropped here: the attempt wrote more than its node keeps"));
  EXPECT_EQ(shown.find('\0'), std::string::npos);

  v1::ReadLog tail = ReadOf(launch, 2);
  tail.set_tail_lines(2);
  SendRead(tail);
  EXPECT_EQ(ReadAnswer(2), "1004999\nlast\n");
}

TEST_F(AgentTest, EndsWhenTheSpawnerIsOfAnotherProtocol) {
  EndSpawner();
  unlink((state_ + "/spawner.sock").c_str());
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (state_ + "/spawner.sock").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  StartAgent();
  const int connection = accept(listener, nullptr, nullptr);
  v1::spawner::FromSpawner refusal;
  refusal.mutable_refusal()->set_reason(
      "the agent speaks spawner protocol 1 to 1, this spawner 7 to 9; drain the node and restart its "
      "spawner");
  std::string frame;
  worker::AppendMessageFrame(frame, refusal);
  EXPECT_EQ(send(connection, frame.data(), frame.size(), MSG_NOSIGNAL), static_cast<ssize_t>(frame.size()));
  EXPECT_EQ(AwaitAgent(), 2);
  EXPECT_THAT(AgentLog(),
              HasSubstr("the spawner refused: the agent speaks spawner protocol 1 to 1, this spawner 7"));
  close(connection);
  close(listener);
}

TEST_F(AgentTest, ShowsNobodyElsesFiles) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  StartAgent();
  scheduler_->Accept(1);
  Spill(dir_ + "/secret", "secret\n");
  v1::Launch launch = Shell(1, "rm mine; ln -s " + dir_ + "/secret mine");
  launch.set_stdout_path("mine");
  EXPECT_EQ(Run(launch).code(), 0);
  ASSERT_EQ(lchown((state_ + "/output/1/0.1.out").c_str(), 65534, 65534), 0);  // as for a job of nobody
  SendRead(ReadOf(launch, 1));
  EXPECT_THAT(ReadAnswer(1), HasSubstr("not to the job's owner"));
}

TEST_F(AgentTest, ShowsATokenOverTcp) {
  scheduler_ = std::make_unique<FakeScheduler>("127.0.0.1:0");
  scheduler_->RequireToken("s3cret");
  address_ = "127.0.0.1:" + std::to_string(scheduler_->port());
  Spill(dir_ + "/token", "s3cret\n");
  chmod((dir_ + "/token").c_str(), 0600);
  StartAgent({"--token", dir_ + "/token"});
  scheduler_->Accept(1);
  EXPECT_EQ(Run(Shell(1, "exit 0")).code(), 0);
}

TEST_F(AgentTest, SaysWhatIsWrongWithItsArguments) {
  Spill(dir_ + "/token", "s3cret\n");
  chmod((dir_ + "/token").c_str(), 0644);
  StartAgent({"--token", dir_ + "/token"});
  EXPECT_EQ(AwaitAgent(), 2);
  EXPECT_THAT(AgentLog(), HasSubstr("chmod 600"));
  StartAgent({"--cpu", "many"});
  EXPECT_EQ(AwaitAgent(), 2);
  StartAgent({"--on-lease-loss", "maybe"});
  EXPECT_EQ(AwaitAgent(), 2);
  EXPECT_THAT(AgentLog(), HasSubstr("expected keep or kill"));
}

TEST_F(AgentTest, WaitsForASpawnerThatComesLate) {
  EndSpawner();
  StartAgent();
  EXPECT_TRUE(Eventually([&] { return AgentLog().find("event=started") != std::string::npos; }));
  StartSpawner();
  scheduler_->Accept(1);
  EXPECT_EQ(Run(Shell(1, "exit 0")).code(), 0);
}

}  // namespace
}  // namespace bsub::agent_test
