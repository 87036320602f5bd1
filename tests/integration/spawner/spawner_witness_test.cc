// A task's end is known although nobody but its witness saw it.
#include <gmock/gmock.h>
#include <signal.h>
#include <time.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "tests/integration/spawner/spawner_fixture.h"

namespace bsub::spawner_test {
namespace {

namespace fs = std::filesystem;

constexpr char kUntilGo[] = "while [ ! -e go ]; do sleep 0.01; done; ";

class SpawnerWitness : public SpawnerTest {
 protected:
  // Starts `script`, kills the spawner, lets the task end, and returns what the next spawner knows.
  std::vector<wire::TaskStatus> EndUnseen(const std::string& ending) {
    StartSpawner();
    auto agent = Connect();
    agent->Start(Shell(1, kUntilGo + ending));
    const long pid = agent->AwaitStarted(1).pid();
    KillSpawner();
    Spill(work_ + "/go", "");
    EXPECT_TRUE(Eventually([&] { return !ProcessRuns(pid); }));
    StartSpawner();
    return Connect()->known();
  }
  // 0: the spawner has none of this name.
  long ChildNamed(const std::string& name) const {
    const std::string self = std::to_string(spawner_);
    std::istringstream children(Slurp("/proc/" + self + "/task/" + self + "/children"));
    long pid = 0;
    while (children >> pid) {
      if (Slurp("/proc/" + std::to_string(pid) + "/comm") == name + "\n") return pid;
    }
    return 0;
  }
  // What it has of its own, in KiB.
  static long AnonymousKib(long pid) {
    const std::string status = Slurp("/proc/" + std::to_string(pid) + "/status");
    const std::size_t at = status.find("RssAnon:");
    return at == std::string::npos ? 0 : std::atol(status.c_str() + at + 8);
  }
  v1::Launch LargeLaunch(std::uint64_t job, const std::string& script, int variables) const {
    v1::Launch launch = Shell(job, script);
    for (int i = 0; i < variables; ++i)
      launch.mutable_environment()->add_variables("V" + std::to_string(i) + "=" + std::string(100'000, 'x'));
    return launch;
  }
  // The launcher does nothing any more while one task runs and `next` is to be started.
  void FreezeAndLaunch(const v1::Launch& next) {
    extra_ = {"--launcher-patience", "100ms", "--try-again", "10ms", "--start-patience", "10m"};
    StartSpawner();
    auto agent = Connect();
    const v1::Launch running = Shell(1, "exec sleep 1000");
    agent->Start(running);
    agent->AwaitStarted(1);
    const long launcher = AwaitLauncher();
    ASSERT_GT(launcher, 0);
    ASSERT_EQ(kill(static_cast<pid_t>(launcher), SIGSTOP), 0);
    agent->Start(next);
    agent->Stop(running.attempt(), 0);
    EXPECT_EQ(agent->AwaitEnded(1).stop_cause(), wire::REQUESTED);
    EXPECT_EQ(agent->AwaitEnded(2).code(), 7);
    EXPECT_FALSE(ProcessRuns(launcher));
    EXPECT_THAT(Log(), testing::HasSubstr("event=launcher-killed pid=" + std::to_string(launcher)));
  }
  // Once it has its name.
  long AwaitLauncher() const {
    long pid = 0;
    EXPECT_TRUE(Eventually([&] { return (pid = ChildNamed("bsub-launcher")) != 0; }));
    return pid;
  }
  static long ParentOf(long pid) {
    std::istringstream fields(Slurp("/proc/" + std::to_string(pid) + "/stat"));
    std::string word;
    for (int i = 0; i < 4; ++i) fields >> word;  // the program is sh: no blanks in its name
    return std::atol(word.c_str());
  }
};

TEST_F(SpawnerWitness, ASuccessWhileNoSpawnerIsThereIsNotRunAgain) {
  const auto known = EndUnseen("exit 0");
  ASSERT_EQ(known.size(), 1u);
  EXPECT_TRUE(known[0].started());
  EXPECT_EQ(known[0].ended().kind(), wire::EXITED);
  EXPECT_EQ(known[0].ended().code(), 0);
  EXPECT_EQ(known[0].incarnation(), 1u);
  EXPECT_GT(known[0].ended().elapsed_us(), 0);
  auto agent = Connect();
  agent->Ack(known[0].attempt());
  EXPECT_TRUE(agent->List().empty());
}

TEST_F(SpawnerWitness, ItSurvivesTheNextKillToo) {
  ASSERT_EQ(EndUnseen("exit 0").size(), 1u);
  KillSpawner();
  StartSpawner();
  ASSERT_EQ(Connect()->known().size(), 1u);
}

TEST_F(SpawnerWitness, AFailureIsKnownByItsCode) {
  const auto known = EndUnseen("exit 5");
  ASSERT_EQ(known.size(), 1u);
  EXPECT_EQ(known[0].ended().code(), 5);
}

TEST_F(SpawnerWitness, ACrashIsKnownByItsSignal) {
  const auto known = EndUnseen("kill -USR1 $$");
  ASSERT_EQ(known.size(), 1u);
  EXPECT_EQ(known[0].ended().kind(), wire::SIGNALLED);
  EXPECT_EQ(known[0].ended().code(), SIGUSR1);
}

TEST_F(SpawnerWitness, AnEndThatMayHaveBeenTheSpawnersDoingIsNotBelieved) {
  EXPECT_TRUE(EndUnseen("kill -TERM $$").empty());
}

// Spawners before this one kept a file for each exit in a folder.
TEST_F(SpawnerWitness, AStateDirectoryOfAnOlderSpawnerIsNoObstacle) {
  fs::create_directories(state_ + "/exits");
  Spill(state_ + "/exits/1.0.1", "exit1 0");
  StartSpawner();
  auto agent = Connect();
  agent->Start(Shell(1, "exit 3"));
  EXPECT_EQ(agent->AwaitEnded(1).code(), 3);
}

TEST_F(SpawnerWitness, ItsSlotGoesToAnotherTask) {
  StartSpawner();
  auto agent = Connect();
  const auto run = [&](std::uint64_t job) {
    const v1::Launch launch = Shell(job, "exit 0");
    agent->Start(launch);
    EXPECT_EQ(agent->AwaitEnded(job).code(), 0);
    agent->Ack(launch.attempt());
  };
  run(1);
  const auto size = fs::file_size(state_ + "/task-slots");
  EXPECT_GT(size, 0u);
  for (std::uint64_t job = 2; job < 300; ++job) run(job);  // more than the slots of the first reservation
  EXPECT_EQ(fs::file_size(state_ + "/task-slots"), size);
}

TEST_F(SpawnerWitness, ItsOwnDeathDisturbsNothing) {
  StartSpawner();
  auto agent = Connect();
  agent->Start(Shell(1, std::string(kUntilGo) + "exit 6"));
  const long pid = agent->AwaitStarted(1).pid();
  const long witness = ParentOf(pid);
  ASSERT_NE(witness, spawner_);
  ASSERT_EQ(kill(static_cast<pid_t>(witness), SIGKILL), 0);
  ASSERT_TRUE(Eventually([&] { return ParentOf(pid) == spawner_; }));
  Spill(work_ + "/go", "");
  EXPECT_EQ(agent->AwaitEnded(1).code(), 6);
}

// It makes the witnesses and is none; its death costs a launch at most.
TEST_F(SpawnerWitness, TheDeathOfTheLauncherDisturbsNothing) {
  extra_ = {"--try-again", "10ms"};
  StartSpawner();
  auto agent = Connect();
  agent->Start(Shell(1, std::string(kUntilGo) + "exit 6"));
  agent->AwaitStarted(1);
  const long launcher = AwaitLauncher();
  ASSERT_GT(launcher, 0);
  ASSERT_EQ(kill(static_cast<pid_t>(launcher), SIGKILL), 0);
  agent->Start(Shell(2, "exit 7"));
  EXPECT_EQ(agent->AwaitEnded(2).code(), 7);
  Spill(work_ + "/go", "");
  EXPECT_EQ(agent->AwaitEnded(1).code(), 6);
  EXPECT_THAT(Log(), testing::HasSubstr("event=launcher-lost"));
}

TEST_F(SpawnerWitness, ALauncherThatDoesNothingHoldsUpNobodyForLong) { FreezeAndLaunch(Shell(2, "exit 7")); }

// Nor an idle witness, be it frozen before it has read its order or in the middle of one.
TEST_F(SpawnerWitness, ATaskThatItsWitnessDoesNotBeginWithGoesToAnother) {
  extra_ = {"--launcher-patience", "100ms", "--try-again", "10ms", "--start-patience", "10m"};
  StartSpawner();
  auto agent = Connect();
  std::uint64_t job = 0;
  for (const v1::Launch& frozen : {Shell(11, "exit 7"), LargeLaunch(12, "exit 7", 14)}) {
    agent->Start(Shell(++job, "exit 0"));
    agent->AwaitEnded(job);
    const long witness = ChildNamed("bsub-witness");
    ASSERT_GT(witness, 0);
    ASSERT_EQ(kill(static_cast<pid_t>(witness), SIGSTOP), 0);
    agent->Start(frozen);
    EXPECT_EQ(agent->AwaitEnded(frozen.attempt().job()).code(), 7);
    EXPECT_FALSE(ProcessRuns(witness));
  }
}

TEST_F(SpawnerWitness, ATaskThatItsWitnessDoesNotBeginWithCanBeStopped) {
  extra_ = {"--launcher-patience", "100ms", "--try-again", "10ms", "--start-patience", "10m"};
  StartSpawner();
  auto agent = Connect();
  agent->Start(Shell(1, "exit 0"));
  agent->AwaitEnded(1);
  ASSERT_EQ(kill(static_cast<pid_t>(ChildNamed("bsub-witness")), SIGSTOP), 0);
  const v1::Launch launch = Shell(2, "exit 7");
  agent->Start(launch);
  agent->Stop(launch.attempt(), 0);
  const wire::Ended ended = agent->AwaitEnded(2);
  EXPECT_EQ(ended.kind(), wire::NEVER_STARTED);
  EXPECT_EQ(ended.stop_cause(), wire::REQUESTED);
}

// What has its name may be a witness that is being made, which dies as well then; or, once that is dead, a
// main process that executes nothing yet, whose end is told as it was.
TEST_F(SpawnerWitness, ALauncherKilledAtAnyMomentNeitherLosesNorDoublesATask) {
  extra_ = {"--try-again", "1ms", "--start-patience", "10m"};
  StartSpawner();
  auto agent = Connect();
  std::atomic<bool> over{false};
  std::set<long> killed;  // read once the thread is over
  std::thread killer([&] {
    while (!over) {
      const long pid = ChildNamed("bsub-launcher");
      if (pid != 0 && killed.insert(pid).second) kill(static_cast<pid_t>(pid), SIGKILL);
    }
  });
  EXPECT_TRUE(Eventually([&] { return Log().find("event=launcher-lost") != std::string::npos; }));
  constexpr std::uint64_t kTasks = 100;
  for (std::uint64_t job = 1; job <= kTasks; ++job)
    agent->Start(Shell(job, "echo ran >> ran." + std::to_string(job)));
  std::vector<wire::TaskStatus> ends;
  for (std::uint64_t job = 1; job <= kTasks; ++job)
    ends.push_back(agent->Await(job, [](const wire::TaskStatus& status) { return status.has_ended(); }));
  over = true;
  killer.join();
  for (const wire::TaskStatus& status : ends) {
    const std::string job = std::to_string(status.attempt().job());
    const bool was_killed = killed.count(static_cast<long>(status.pid())) != 0;
    EXPECT_EQ(status.ended().kind(), was_killed ? wire::SIGNALLED : wire::EXITED) << job;
    EXPECT_EQ(status.ended().code(), was_killed ? SIGKILL : 0) << job;
    EXPECT_EQ(Slurp(work_ + "/ran." + job), was_killed ? "" : "ran\n") << job;
  }
}

// What has its name may also be a main process that executes nothing yet.
TEST_F(SpawnerWitness, KilledAtAnyMomentItNeitherLosesNorDoublesATask) {
  extra_ = {"--try-again", "1ms", "--start-patience", "10m"};
  StartSpawner();
  auto agent = Connect();
  std::atomic<bool> over{false};
  std::atomic<int> kills{0};
  std::thread killer([&] {
    for (std::set<long> killed; !over;) {
      const long pid = ChildNamed("bsub-witness");
      if (pid != 0 && killed.insert(pid).second && kill(static_cast<pid_t>(pid), SIGKILL) == 0) ++kills;
    }
  });
  constexpr std::uint64_t kTasks = 200;
  for (std::uint64_t job = 1; job <= kTasks; ++job)
    agent->Start(Shell(job, "echo ran >> ran." + std::to_string(job)));
  std::vector<wire::TaskStatus> ends;
  for (std::uint64_t job = 1; job <= kTasks; ++job)
    ends.push_back(agent->Await(job, [](const wire::TaskStatus& status) { return status.has_ended(); }));
  over = true;
  killer.join();
  EXPECT_GT(kills, 0);
  for (const wire::TaskStatus& status : ends) {
    const std::string job = std::to_string(status.attempt().job());
    const wire::Ended& ended = status.ended();
    const bool ran = ended.kind() == wire::EXITED;
    EXPECT_EQ(Slurp(work_ + "/ran." + job), ran ? "ran\n" : "") << job << ": " << ended.ShortDebugString();
    if (ended.kind() == wire::NEVER_STARTED) {
      EXPECT_EQ(ended.stop_cause(), wire::NODE_FAULT) << job;
    } else {
      EXPECT_EQ(ended.code(), ran ? 0 : SIGKILL) << job;
    }
  }
}

TEST_F(SpawnerWitness, AFrozenLauncherEndsWithItsSpawnerToo) {
  StartSpawner();
  const long launcher = AwaitLauncher();
  ASSERT_GT(launcher, 0);
  ASSERT_EQ(kill(static_cast<pid_t>(launcher), SIGSTOP), 0);
  KillSpawner();
  EXPECT_TRUE(Eventually([&] { return !ProcessRuns(launcher); }));
}

TEST_F(SpawnerWitness, TheLauncherEndsWithItsSpawner) {
  StartSpawner();
  const long launcher = AwaitLauncher();
  ASSERT_GT(launcher, 0);
  KillSpawner();
  EXPECT_TRUE(Eventually([&] { return !ProcessRuns(launcher); }));
}

// More than a socket takes at once.
TEST_F(SpawnerWitness, ALargeEnvironmentPassesTheLauncher) {
  StartSpawner();
  auto agent = Connect();
  agent->Start(LargeLaunch(1, "test ${#V13} = 100000", 14));
  EXPECT_EQ(agent->AwaitEnded(1).code(), 0);
}

// It is kept for later tasks.
TEST_F(SpawnerWitness, ALargeOrderLeavesItSmall) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers keep what is freed";
#endif
  StartSpawner();
  auto agent = Connect();
  agent->Start(Shell(1, "exit 0"));
  agent->AwaitEnded(1);
  const long witness = ChildNamed("bsub-witness");
  const long before = AnonymousKib(witness);
  ASSERT_GT(before, 0);
  agent->Start(LargeLaunch(2, "exit 0", 14));
  EXPECT_EQ(agent->AwaitEnded(2).code(), 0);
  EXPECT_TRUE(Eventually([&] { return AnonymousKib(witness) < before + 1024; })) << AnonymousKib(witness);
  EXPECT_GT(AnonymousKib(witness), 0) << "it lives";
}

TEST_F(SpawnerWitness, SignalsToTheTasksGroupDoNotReachIt) {
  StartSpawner();
  auto agent = Connect();
  const v1::Launch launch = Shell(1, "trap 'exit 7' TERM; while :; do sleep 0.01; done");
  agent->Start(launch);
  agent->AwaitStarted(1);
  agent->Stop(launch.attempt(), 60'000'000);
  EXPECT_EQ(agent->AwaitEnded(1).stop_cause(), wire::REQUESTED);
}

// The scheduler gives the task away once the lease is over; nobody else is left who could end it here.
TEST_F(SpawnerWitness, ATaskOfADeadSpawnerEndsWithTheLease) {
  StartSpawner();
  auto agent = Connect();
  agent->Start(
      Shell(1, "sh -c 'echo $$ > child; exec sleep 1000' & setsid sleep 1000 & echo $! > stranger; wait"));
  agent->Start(Shell(2, "exec sleep 1000"));
  const long pid = agent->AwaitStarted(1).pid(), other = agent->AwaitStarted(2).pid();
  ASSERT_TRUE(
      Eventually([&] { return !Slurp(work_ + "/child").empty() && !Slurp(work_ + "/stranger").empty(); }));
  const long child = std::atol(Slurp(work_ + "/child").c_str());
  const long stranger = std::atol(Slurp(work_ + "/stranger").c_str());
  agent->Lease(300'000);
  agent->List();  // it has the lease
  KillSpawner();
  EXPECT_TRUE(Eventually([&] { return !ProcessRuns(pid) && !ProcessRuns(child) && !ProcessRuns(stranger); }));
  EXPECT_TRUE(Eventually([&] { return !ProcessRuns(other); }));
  StartSpawner();
  EXPECT_TRUE(Connect()->known().empty()) << "how it ended is not its own doing";
}

// A spawner that is there and does nothing is as good as none.
TEST_F(SpawnerWitness, ATaskOfAFrozenSpawnerEndsWithTheLeasesGrace) {
  extra_ = {"--lease-grace", "200ms"};
  StartSpawner();
  auto agent = Connect();
  agent->Start(Shell(1, "setsid sleep 1000 & echo $! > stranger; wait"));
  agent->Start(Shell(2, "trap '' TERM; echo > deaf; while :; do sleep 0.01; done"));
  const long pid = agent->AwaitStarted(1).pid(), deaf = agent->AwaitStarted(2).pid();
  ASSERT_TRUE(Eventually([&] { return !Slurp(work_ + "/stranger").empty() && fs::exists(work_ + "/deaf"); }));
  const long stranger = std::atol(Slurp(work_ + "/stranger").c_str());
  agent->Lease(60'000'000);
  agent->Lease(300'000);
  agent->List();  // it has the lease
  ASSERT_EQ(kill(spawner_, SIGSTOP), 0);
  EXPECT_TRUE(Eventually([&] { return !ProcessRuns(pid) && !ProcessRuns(stranger) && !ProcessRuns(deaf); }));
  EXPECT_TRUE(ProcessRuns(spawner_));
  ASSERT_EQ(kill(spawner_, SIGCONT), 0);
  EXPECT_EQ(agent->AwaitEnded(1).stop_cause(), wire::LEASE_LOST) << "no failure of the task's";
  EXPECT_EQ(agent->AwaitEnded(2).stop_cause(), wire::LEASE_LOST);
}

TEST_F(SpawnerWitness, ALeaseThatIsRenewedEndsNothing) {
  extra_ = {"--lease-grace", "0s"};
  StartSpawner();
  auto agent = Connect();
  agent->Lease(1'000'000);
  agent->Start(Shell(1, std::string(kUntilGo) + "exit 4"));
  const auto started = agent->AwaitStarted(1);
  agent->Lease(60'000'000);
  agent->List();
  ASSERT_EQ(kill(spawner_, SIGSTOP), 0);
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  const std::int64_t past = now.tv_sec + 2;  // the first lease is over by then
  ASSERT_TRUE(Eventually([&] { return clock_gettime(CLOCK_BOOTTIME, &now) == 0 && now.tv_sec >= past; }));
  EXPECT_TRUE(ProcessRuns(started.pid()));
  ASSERT_EQ(kill(spawner_, SIGCONT), 0);
  Spill(work_ + "/go", "");
  EXPECT_EQ(agent->AwaitEnded(1).code(), 4);
}

// The witness needs a moment to write how it ended.
TEST_F(SpawnerWitness, ATaskThatEndedJustBeforeItsWallTimeHasSucceeded) {
  StartSpawner();
  auto agent = Connect();
  v1::Launch launch = Shell(1, std::string(kUntilGo) + "exit 0");
  launch.set_walltime_us(3'000'000);
  agent->Start(launch);
  const long pid = agent->AwaitStarted(1).pid();
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  const std::int64_t past = now.tv_sec + 5;
  const auto witness = static_cast<pid_t>(ParentOf(pid));
  ASSERT_EQ(kill(witness, SIGSTOP), 0);
  Spill(work_ + "/go", "");
  ASSERT_TRUE(Eventually([&] { return !ProcessRuns(pid); }));
  ASSERT_TRUE(Eventually([&] { return clock_gettime(CLOCK_BOOTTIME, &now) == 0 && now.tv_sec >= past; }));
  ASSERT_EQ(kill(witness, SIGCONT), 0);
  const wire::Ended ended = agent->AwaitEnded(1);
  EXPECT_EQ(ended.kind(), wire::EXITED);
  EXPECT_EQ(ended.code(), 0);
}

TEST_F(SpawnerWitness, WithoutALeaseATaskOfADeadSpawnerGoesOn) {
  StartSpawner();
  auto agent = Connect();
  agent->Start(Shell(1, "while [ ! -e go ]; do sleep 0.01; done; echo done > result"));
  agent->AwaitStarted(1);
  KillSpawner();
  Spill(work_ + "/go", "");
  EXPECT_TRUE(Eventually([&] { return Slurp(work_ + "/result") == "done\n"; }));
}

}  // namespace
}  // namespace bsub::spawner_test
