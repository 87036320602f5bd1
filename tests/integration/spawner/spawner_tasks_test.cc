// What a task gets, and how its end is told.
#include <gmock/gmock.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "tests/integration/spawner/spawner_fixture.h"

namespace bsub::spawner_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SpawnerTasks : public SpawnerTest {
 protected:
  void SetUp() override {
    SpawnerTest::SetUp();
    StartSpawner();
    agent_ = Connect();
    ASSERT_NE(agent_, nullptr);
  }
  wire::Ended Run(const v1::Launch& launch) {
    agent_->Start(launch);
    return agent_->AwaitEnded(launch.attempt().job());
  }
  std::unique_ptr<Client> agent_;
};

TEST_F(SpawnerTasks, TellExitStatusAndSignal) {
  EXPECT_EQ(Run(Shell(1, "exit 0")).code(), 0);
  const wire::Ended three = Run(Shell(2, "exit 3"));
  EXPECT_EQ(three.kind(), wire::EXITED);
  EXPECT_EQ(three.code(), 3);
  const wire::Ended killed = Run(Shell(3, "kill -9 $$"));
  EXPECT_EQ(killed.kind(), wire::SIGNALLED);
  EXPECT_EQ(killed.code(), SIGKILL);
  EXPECT_EQ(killed.stop_cause(), wire::NOT_STOPPED);
}

TEST_F(SpawnerTasks, AreReportedStartedBeforeEnded) {
  agent_->Start(Shell(1, "exit 0"));
  const auto first = agent_->Await(1, [](const wire::TaskStatus&) { return true; });
  EXPECT_TRUE(first.started());
  EXPECT_FALSE(first.has_ended());
  EXPECT_GT(first.pid(), 0);
  EXPECT_EQ(agent_->AwaitEnded(1).kind(), wire::EXITED);
}

TEST_F(SpawnerTasks, MeasureUsage) {
  const wire::Ended ended = Run(Shell(1, "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"));
  EXPECT_GT(ended.user_us() + ended.system_us(), 0);
  EXPECT_GT(ended.elapsed_us(), 0);
  EXPECT_GT(ended.max_rss_bytes(), 100'000);
}

TEST_F(SpawnerTasks, WriteToTheSpoolByDefaultWithBothStreams) {
  const v1::Launch launch = Shell(7, "echo out; echo err >&2; echo again >>/dev/stdout");
  EXPECT_EQ(Run(launch).code(), 0);
  EXPECT_EQ(Output(launch), "out\nerr\nagain\n");
}

TEST_F(SpawnerTasks, AppendToTheUsersFilesWithFieldsFilledIn) {
  v1::Launch launch = Shell(8, "echo one; echo bad >&2");
  launch.set_stdout_path("log.%J.%I");
  launch.set_stderr_path(work_ + "/err.%A%%");
  launch.set_array_index(5);
  EXPECT_EQ(Run(launch).code(), 0);
  launch.mutable_attempt()->set_number(2);
  agent_->Start(launch);
  agent_->Await(8, [](const wire::TaskStatus& s) { return s.has_ended() && s.attempt().number() == 2; });
  EXPECT_EQ(Slurp(work_ + "/log.8.5"), "one\none\n");
  EXPECT_EQ(Slurp(work_ + "/err.1%"), "bad\n");
  EXPECT_EQ(Slurp(work_ + "/err.2%"), "bad\n");
  EXPECT_EQ(Output(launch), "one\none\n") << "the spool holds a link to the user's file";
}

TEST_F(SpawnerTasks, GetEnvironmentUmaskLimitsAndDirectory) {
  v1::Launch launch =
      Shell(9, "echo $BSUB_JOB_ID $BSUB_ATTEMPT $GREETING; umask; ulimit -n; pwd; cat; echo $-");
  launch.mutable_environment()->add_variables("GREETING=h\xe9");  // Latin-1
  launch.set_umask(027);
  v1::Limit* limit = launch.add_limits();
  limit->set_name("nofile");
  limit->set_soft(77);
  limit->set_hard(88);
  EXPECT_EQ(Run(launch).code(), 0);
  EXPECT_THAT(Output(launch), HasSubstr("9 1 h\xe9\n0027\n77\n" + work_ + "\n"));
}

TEST_F(SpawnerTasks, InheritNothingButTheStandardStreams) {
  const v1::Launch descriptors = Launch(10, {"/bin/ls", "/proc/self/fd"});
  EXPECT_EQ(Run(descriptors).code(), 0);
  EXPECT_EQ(Output(descriptors), "0\n1\n2\n3\n") << "3 is the directory that ls reads";
  const v1::Launch signals = Launch(11, {"/bin/cat", "/proc/self/status"});
  EXPECT_EQ(Run(signals).code(), 0);
  EXPECT_THAT(Output(signals), HasSubstr("SigBlk:\t0000000000000000"));
  EXPECT_THAT(Output(signals), HasSubstr("SigIgn:\t0000000000000000"));
}

TEST_F(SpawnerTasks, InheritNoSignalThatWhoeverStartedTheNodeIgnores) {
  EndSpawner();
  for (const int ignored : {SIGPIPE, SIGRTMIN + 1}) signal(ignored, SIG_IGN);
  StartSpawner();
  for (const int ignored : {SIGPIPE, SIGRTMIN + 1}) signal(ignored, SIG_DFL);
  agent_ = Connect();
  const v1::Launch launch = Launch(11, {"/bin/cat", "/proc/self/status"});
  EXPECT_EQ(Run(launch).code(), 0);
  EXPECT_THAT(Output(launch), HasSubstr("SigIgn:\t0000000000000000"));
}

TEST_F(SpawnerTasks, HaveWholeCpusOfTheirOwnIfSetSo) {
  EndSpawner();
  extra_ = {"--bind-cpus"};
  StartSpawner();
  agent_ = Connect();
  cpu_set_t own;
  CPU_ZERO(&own);
  ASSERT_EQ(sched_getaffinity(0, sizeof own, &own), 0);
  const std::string allowed = "grep Cpus_allowed_list /proc/self/status | cut -f2";
  const v1::Launch whole = Shell(1, allowed + "; while [ ! -e go ]; do sleep 0.01; done");
  agent_->Start(whole);
  EXPECT_TRUE(Eventually([&] { return Output(whole).ends_with("\n"); }));
  v1::Launch half = Shell(2, allowed);
  half.set_cpu_milli(500);
  EXPECT_EQ(Run(half).code(), 0);
  const v1::Launch next = Shell(3, allowed);
  EXPECT_EQ(Run(next).code(), 0);
  EXPECT_EQ(Output(whole).find_first_of(",-"), std::string::npos) << "one CPU: " << Output(whole);
  if (CPU_COUNT(&own) > 1) {
    EXPECT_NE(Output(half).find_first_of(",-"), std::string::npos) << "all of them: " << Output(half);
    EXPECT_NE(Output(next), Output(whole));
  }
  Spill(work_ + "/go", "");
  EXPECT_EQ(agent_->AwaitEnded(1).code(), 0);
}

TEST_F(SpawnerTasks, RunScriptsWithArguments) {
  v1::Launch launch = Launch(30, {"a b", "c"});
  launch.mutable_command()->set_script("#!/bin/sh\necho \"$1|$2|$#\"\n");
  launch.mutable_command()->add_interpreter("/bin/sh");
  EXPECT_EQ(Run(launch).code(), 0);
  EXPECT_EQ(Output(launch), "a b|c|2\n");
  EXPECT_TRUE(std::filesystem::is_empty(state_ + "/scripts")) << "the script is removed";
}

struct Refusal {
  std::string name;
  std::function<void(const std::string& work, v1::Launch&)> spoil;
  std::string reason;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class SpawnerRefusals : public SpawnerTasks, public ::testing::WithParamInterface<Refusal> {};

TEST_P(SpawnerRefusals, SayWhatToDo) {
  v1::Launch launch = Shell(1, "echo ran");
  GetParam().spoil(work_, launch);
  const wire::Ended ended = Run(launch);
  EXPECT_EQ(ended.kind(), wire::NEVER_STARTED);
  EXPECT_THAT(ended.reason(), HasSubstr(GetParam().reason));
  EXPECT_THAT(ended.reason(), Not(HasSubstr("\n")));
  EXPECT_THAT(Output(launch), Not(HasSubstr("ran")));
  agent_->Ack(launch.attempt());
  EXPECT_TRUE(agent_->List().empty());
}

void SetProgram(v1::Launch& launch, const std::string& program) {
  launch.mutable_command()->clear_argv();
  launch.mutable_command()->add_argv(program);
}

INSTANTIATE_TEST_SUITE_P(
    Of, SpawnerRefusals,
    ::testing::Values(
        Refusal{"MissingDirectory", [](auto& work, auto& l) { l.set_working_directory(work + "/none"); },
                "must exist on this node"},
        Refusal{"FileAsDirectory",
                [](auto& work, auto& l) {
                  Spill(work + "/file", "");
                  l.set_working_directory(work + "/file");
                },
                "cannot enter working directory"},
        Refusal{"MissingProgram", [](auto&, auto& l) { SetProgram(l, "no-such-program"); },
                "No such file or directory; it is in no directory of the job's PATH"},
        Refusal{"MissingProgramPath", [](auto&, auto& l) { SetProgram(l, "/no/such"); },
                "must exist on this node"},
        Refusal{"NotExecutable",
                [](auto& work, auto& l) {
                  Spill(work + "/data", "x");
                  SetProgram(l, work + "/data");
                },
                "chmod +x"},
        Refusal{"ScriptWithCrLf",
                [](auto& work, auto& l) {
                  Spill(work + "/dos", "#!/bin/sh\r\necho ran\r\n");
                  chmod((work + "/dos").c_str(), 0755);
                  SetProgram(l, work + "/dos");
                },
                "ends in CR LF"},
        Refusal{"NulByte", [](auto&, auto& l) { l.mutable_command()->add_argv(std::string("a\0b", 3)); },
                "NUL byte"},
        Refusal{"EmptyCommand", [](auto&, auto& l) { l.mutable_command()->clear_argv(); },
                "command is empty"},
        Refusal{"HugeArgument",
                [](auto&, auto& l) { l.mutable_command()->add_argv(std::string(10u << 20, 'x')); },
                "pass large inputs in files"},
        Refusal{"OutputDirectory", [](auto& work, auto& l) { l.set_stdout_path(work); }, "name a file in it"},
        Refusal{"OutputNowhere", [](auto&, auto& l) { l.set_stdout_path("a/b/c"); },
                "its directory must exist"},
        Refusal{"UnknownLimit", [](auto&, auto& l) { l.add_limits()->set_name("nofiles"); },
                "limit 'nofiles'"},
        Refusal{"NoAttempt", [](auto&, auto& l) { l.mutable_attempt()->set_number(0); }, "names no attempt"}),
    [](const auto& each) { return each.param.name; });

TEST_F(SpawnerTasks, AreStartedOnceHoweverOftenTheLaunchComes) {
  const v1::Launch launch = Shell(12, "echo run; exec sleep 1000");
  agent_->Start(launch);
  const auto pid = agent_->AwaitStarted(12).pid();
  agent_->Start(launch);
  EXPECT_EQ(agent_->AwaitStarted(12).pid(), pid) << "the answer comes again";
  ASSERT_TRUE(Eventually([&] { return Output(launch) == "run\n"; }));
  agent_->Stop(launch.attempt(), 0);
  EXPECT_EQ(agent_->AwaitEnded(12).code(), SIGKILL);
  agent_->Start(launch);
  EXPECT_EQ(agent_->AwaitEnded(12).code(), SIGKILL);
  agent_->Ack(launch.attempt());
  agent_->Start(launch);  // late: it is over, acknowledged, and must not run again
  EXPECT_TRUE(agent_->List().empty());
  EXPECT_EQ(Output(launch), "run\n");
}

// A scheduler that lost the end of its journal gives a number of an attempt anew, under a higher incarnation.
TEST_F(SpawnerTasks, ThatShareTheNameOfOneOfAnOlderLifeRun) {
  v1::Launch launch = Shell(13, "exit 3");
  EXPECT_EQ(Run(launch).code(), 3);
  agent_->Ack(launch.attempt());
  launch = Shell(13, "exit 4");
  launch.set_incarnation(1'000'001);
  EXPECT_EQ(Run(launch).code(), 4);
}

TEST_F(SpawnerTasks, OfAnOlderIncarnationAreRefused) {
  v1::Launch launch = Shell(1, "exit 0");
  launch.set_incarnation(7);
  EXPECT_EQ(Run(launch).kind(), wire::EXITED);
  v1::Launch old = Shell(2, "echo ran");
  old.set_incarnation(6);
  const wire::Ended ended = Run(old);
  EXPECT_EQ(ended.kind(), wire::NEVER_STARTED);
  EXPECT_THAT(ended.reason(), HasSubstr("incarnation 6, it has had 7 since"));
}

TEST_F(SpawnerTasks, AreStoppedWithTermFirst) {
  const v1::Launch polite = Shell(13, "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done");
  agent_->Start(polite);
  ASSERT_TRUE(Eventually([&] { return Output(polite) == "ready\n"; }));
  agent_->Stop(polite.attempt(), 50'000'000);
  const wire::Ended ended = agent_->AwaitEnded(13);
  EXPECT_EQ(ended.kind(), wire::EXITED);
  EXPECT_EQ(ended.code(), 9);
  EXPECT_EQ(ended.stop_cause(), wire::REQUESTED);
  EXPECT_EQ(ended.reason(), "cancelled by a test");
}

TEST_F(SpawnerTasks, AreKilledWhenTheyIgnoreTerm) {
  const v1::Launch deaf = Shell(14, "trap '' TERM; echo ready; while :; do sleep 0.01; done");
  agent_->Start(deaf);
  ASSERT_TRUE(Eventually([&] { return Output(deaf) == "ready\n"; }));
  agent_->Stop(deaf.attempt(), 50'000);
  const wire::Ended ended = agent_->AwaitEnded(14);
  EXPECT_EQ(ended.kind(), wire::SIGNALLED);
  EXPECT_EQ(ended.code(), SIGKILL);
}

TEST_F(SpawnerTasks, TimeOutEvenIfTheyIgnoreTermOrAreStopped) {
  v1::Launch deaf = Shell(15, "trap '' TERM; while :; do sleep 0.01; done");
  deaf.set_walltime_us(100'000);
  deaf.set_stop_grace_us(50'000);
  const wire::Ended ended = Run(deaf);
  EXPECT_EQ(ended.kind(), wire::TIMED_OUT);
  EXPECT_EQ(ended.code(), 128 + SIGKILL);
  EXPECT_EQ(ended.stop_cause(), wire::WALL_TIME);

  v1::Launch frozen = Shell(16, "kill -STOP $$");
  frozen.set_walltime_us(100'000);
  EXPECT_EQ(Run(frozen).kind(), wire::TIMED_OUT) << "CONT lets a stopped process see TERM";
}

TEST_F(SpawnerTasks, WithoutGraceAreKilledAtTheirWallTime) {
  v1::Launch polite = Shell(15, "trap 'exit 5' TERM; while :; do sleep 0.01; done");
  polite.set_walltime_us(100'000);
  polite.set_stop_grace_us(0);
  const wire::Ended ended = Run(polite);
  EXPECT_EQ(ended.kind(), wire::TIMED_OUT);
  EXPECT_EQ(ended.code(), 128 + SIGKILL);
}

TEST_F(SpawnerTasks, AreSignalled) {
  const v1::Launch launch = Shell(17, "trap 'exit 5' USR1; echo ready; while :; do sleep 0.01; done");
  agent_->Start(launch);
  ASSERT_TRUE(Eventually([&] { return Output(launch) == "ready\n"; }));
  wire::ToSpawner message;
  *message.mutable_signal()->mutable_attempt() = launch.attempt();
  message.mutable_signal()->set_signal(SIGUSR1);
  agent_->Send(message);
  EXPECT_EQ(agent_->AwaitEnded(17).code(), 5);
}

long PidIn(const std::string& path) {
  EXPECT_TRUE(Eventually([&] { return Slurp(path).find('\n') != std::string::npos; })) << path;
  return std::atol(Slurp(path).c_str());
}

TEST_F(SpawnerTasks, LeaveNoProcessBehind) {
  // In its process group, in a session of its own, and below a child that stays.
  const v1::Launch launch =
      Shell(18,
            "sleep 1000 & echo $! > a; "
            "setsid sh -c 'echo $$ > b; exec sleep 1000' & "
            "setsid sh -c 'sh -c \"setsid sleep 1000 & echo \\$! > c; wait\" & wait' & "
            "while [ ! -s a ] || [ ! -s b ] || [ ! -s c ]; do sleep 0.01; done; exit 4");
  EXPECT_EQ(Run(launch).code(), 4);
  for (const char* name : {"/a", "/b", "/c"}) EXPECT_FALSE(ProcessRuns(PidIn(work_ + name))) << name;
}

TEST_F(SpawnerTasks, LeaveNoProcessBehindThatHidItsOrigin) {
  // No session, process group or environment of the task's: ended once no task is left that could own it.
  const v1::Launch launch =
      Shell(19, "env -i /usr/bin/setsid /bin/sh -c 'echo $$ > hidden; exec /bin/sleep 1000' & wait $!");
  agent_->Start(launch);
  const long hidden = PidIn(work_ + "/hidden");
  agent_->Stop(launch.attempt(), 0);
  EXPECT_EQ(agent_->AwaitEnded(19).code(), SIGKILL);
  EXPECT_TRUE(Eventually([&] { return !ProcessRuns(hidden); }));
}

TEST_F(SpawnerTasks, DoNotTakeTheirNeighboursAlong) {
  const v1::Launch stays = Shell(20, "setsid sh -c 'echo $$ > kept; exec sleep 1000' & echo up; wait");
  agent_->Start(stays);
  const long kept = PidIn(work_ + "/kept");
  for (std::uint64_t job = 21; job < 31; ++job) EXPECT_EQ(Run(Shell(job, "sleep 0.01 & exit 0")).code(), 0);
  EXPECT_TRUE(ProcessRuns(kept));
  agent_->Stop(stays.attempt(), 0);
  agent_->AwaitEnded(20);
  EXPECT_FALSE(ProcessRuns(kept));
}

TEST_F(SpawnerTasks, ComeByTheThousand) {
  constexpr std::uint64_t kTasks = 2000;
  constexpr std::uint64_t kAtOnce = 64;
  std::uint64_t sent = 0;
  std::set<std::uint64_t> done;
  while (sent < kAtOnce) agent_->Start(Launch(++sent, {"/bin/true"}));
  while (done.size() < kTasks) {
    const auto message = agent_->Next();
    ASSERT_TRUE(message.has_value());
    if (!message->has_task() || !message->task().has_ended()) continue;
    ASSERT_EQ(message->task().ended().kind(), wire::EXITED) << message->task().ended().reason();
    EXPECT_EQ(message->task().ended().code(), 0);
    EXPECT_TRUE(done.insert(message->task().attempt().job()).second) << "told twice on one connection";
    agent_->Ack(message->task().attempt());
    if (sent < kTasks) agent_->Start(Launch(++sent, {"/bin/true"}));
  }
  EXPECT_TRUE(agent_->List().empty());
}

}  // namespace
}  // namespace bsub::spawner_test
