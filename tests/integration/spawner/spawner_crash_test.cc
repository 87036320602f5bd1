// What survives: the spawner killed, the agent gone, two spawners at once, a broken log, a lost lease, an
// orderly end.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>

#include "tests/integration/spawner/spawner_fixture.h"

namespace bsub::spawner_test {
namespace {

using ::testing::HasSubstr;

class SpawnerCrash : public SpawnerTest {};

long PidIn(const std::string& path) {
  EXPECT_TRUE(Eventually([&] { return Slurp(path).find('\n') != std::string::npos; })) << path;
  return std::atol(Slurp(path).c_str());
}

TEST_F(SpawnerCrash, LeavesNothingRunningForTheNextOne) {
  StartSpawner();
  auto agent = Connect();
  // Main process, one in its session, one in its own session with the mark, and a child of that without the
  // mark.
  const v1::Launch launch = Shell(
      1,
      "echo $$ > main; sleep 1000 & echo $! > same; "
      "setsid sh -c 'echo $$ > own; env -i /bin/sh -c \"echo \\$\\$ > bare; sleep 1000; :\"; :' & wait");
  agent->Start(launch);
  std::array<long, 4> pids{};
  const std::array<const char*, 4> names = {"/main", "/same", "/own", "/bare"};
  for (std::size_t i = 0; i < names.size(); ++i) pids[i] = PidIn(work_ + names[i]);
  const std::string first_id = agent->hello().spawner_id();

  KillSpawner();
  for (const long pid : pids) EXPECT_TRUE(ProcessRuns(pid)) << "tasks do not die with the spawner";
  StartSpawner();
  for (const long pid : pids)
    EXPECT_FALSE(ProcessRuns(pid)) << "the next spawner is ready only when they are gone";
  agent = Connect();
  EXPECT_NE(agent->hello().spawner_id(), first_id);
  EXPECT_TRUE(agent->known().empty()) << "what was not over is lost";
}

TEST_F(SpawnerCrash, LeavesStrangersAlone) {
  StartSpawner();
  auto agent = Connect();
  agent->Start(Launch(1, {"/bin/sleep", "1000"}));
  agent->AwaitStarted(1);
  const pid_t stranger = fork();
  if (stranger == 0) {
    setsid();
    execl("/bin/sleep", "sleep", "1000", nullptr);
    _exit(1);
  }
  KillSpawner();
  StartSpawner();
  EXPECT_TRUE(ProcessRuns(stranger));
  kill(stranger, SIGKILL);
  waitpid(stranger, nullptr, 0);
}

TEST_F(SpawnerCrash, KeepsRecordedEndsUntilAcknowledged) {
  StartSpawner();
  auto agent = Connect();
  const v1::Launch launch = Shell(1, "exit 0");
  agent->Start(launch);
  EXPECT_EQ(agent->AwaitEnded(1).kind(), wire::EXITED);
  agent.reset();  // the agent dies without acknowledging

  agent = Connect();
  ASSERT_EQ(agent->known().size(), 1u);
  EXPECT_EQ(agent->known()[0].ended().kind(), wire::EXITED);

  KillSpawner();  // and so does the spawner
  StartSpawner();
  agent = Connect();
  ASSERT_EQ(agent->known().size(), 1u);
  EXPECT_EQ(agent->known()[0].ended().kind(), wire::EXITED);
  EXPECT_EQ(agent->known()[0].ended().code(), 0);
  EXPECT_EQ(agent->known()[0].incarnation(), 1u);
  agent->Ack(launch.attempt());
  EXPECT_TRUE(agent->List().empty());

  EXPECT_EQ(EndSpawner(), 0);
  StartSpawner();
  EXPECT_TRUE(Connect()->known().empty());
}

TEST_F(SpawnerCrash, OfTheAgentDisturbsNoTask) {
  StartSpawner();
  auto agent = Connect();
  const v1::Launch launch = Shell(1, "while [ ! -e go ]; do sleep 0.01; done; exit 6");
  agent->Start(launch);
  const auto pid = agent->AwaitStarted(1).pid();
  agent.reset();
  agent = Connect();
  ASSERT_EQ(agent->known().size(), 1u);
  EXPECT_TRUE(agent->known()[0].started());
  EXPECT_EQ(agent->known()[0].pid(), pid);
  auto newer = Connect();  // replaces the other
  ASSERT_NE(newer, nullptr);
  EXPECT_FALSE(agent->Next().has_value());
  Spill(work_ + "/go", "");
  EXPECT_EQ(newer->AwaitEnded(1).code(), 6);
}

TEST_F(SpawnerCrash, KillsAtRandomMomentsNeverRunATaskTwiceAtOnce) {
  // Each attempt holds a lock on its job's file; a second live attempt would fail to take it. Attempts that
  // are lost are given out anew, as the scheduler would.
  constexpr std::uint64_t kJobs = 8;
  constexpr int kRounds = 6;
  std::array<std::uint32_t, kJobs + 1> attempt{};
  attempt.fill(1);
  std::array<bool, kJobs + 1> done{};
  for (int round = 0; round <= kRounds; ++round) {
    StartSpawner();
    auto agent = Connect();
    ASSERT_NE(agent, nullptr);
    for (const wire::TaskStatus& s : agent->known()) {
      ASSERT_TRUE(s.has_ended());
      EXPECT_EQ(s.ended().code(), 0) << "job " << s.attempt().job();
      done[s.attempt().job()] = true;
      agent->Ack(s.attempt());
    }
    std::uint64_t open = 0;
    for (std::uint64_t job = 1; job <= kJobs; ++job) {
      if (done[job]) continue;
      v1::Launch launch = Shell(job, "exec 9>>lock." + std::to_string(job) +
                                         "; flock -n 9 || exit 77; sleep 0.0" + std::to_string(job * 11));
      launch.mutable_attempt()->set_number(attempt[job]++);
      agent->Start(launch);
      ++open;
    }
    const std::uint64_t wait_for = round == kRounds ? open : std::min<std::uint64_t>(open, 1);
    for (std::uint64_t ended = 0; ended < wait_for;) {
      const auto message = agent->Next();
      ASSERT_TRUE(message.has_value());
      if (!message->has_task() || !message->task().has_ended()) continue;
      EXPECT_EQ(message->task().ended().code(), 0) << "two live attempts";
      ++ended;
      if (round == kRounds) done[message->task().attempt().job()] = true;
    }
    if (round < kRounds) KillSpawner();
  }
  for (std::uint64_t job = 1; job <= kJobs; ++job) EXPECT_TRUE(done[job]) << job;
}

TEST_F(SpawnerCrash, TwoAtOnceIsOneTooMany) {
  constexpr int kRacers = 6;
  std::vector<pid_t> racers;
  for (int i = 0; i < kRacers; ++i)
    racers.push_back(Spawn(Arguments(), dir_ + "/racer." + std::to_string(i)));
  int winner = -1;
  ASSERT_TRUE(Eventually([&] {
    int ready = 0;
    int lost = 0;
    for (int i = 0; i < kRacers; ++i) {
      const std::string log = Slurp(dir_ + "/racer." + std::to_string(i));
      if (log.find("event=ready") != std::string::npos) ++ready, winner = i;
      if (log.find("is in use by the spawner with pid") != std::string::npos) ++lost;
    }
    return ready == 1 && lost == kRacers - 1;
  }));
  for (int i = 0; i < kRacers; ++i) {
    if (i == winner) continue;
    int status = 0;
    waitpid(racers[static_cast<std::size_t>(i)], &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 1);
  }
  spawner_ = racers[static_cast<std::size_t>(winner)];
  EXPECT_NE(Connect(), nullptr);
}

TEST_F(SpawnerCrash, ABrokenLogIsSetAsideAndMarkedTasksAreStillFound) {
  StartSpawner();
  auto agent = Connect();
  agent->Start(Launch(1, {"/bin/sleep", "1000"}));
  const long pid = agent->AwaitStarted(1).pid();
  KillSpawner();
  std::string log = Slurp(state_ + "/tasks.log");
  ASSERT_GT(log.size(), 20u);
  log[6] = static_cast<char>(log[6] ^ 1);  // in the first record: whose boot it was is not known
  Spill(state_ + "/tasks.log", log);
  StartSpawner();
  EXPECT_FALSE(ProcessRuns(pid));
  EXPECT_THAT(Log(), HasSubstr("event=log-damaged"));
  EXPECT_TRUE(std::filesystem::exists(state_ + "/tasks.log.damaged"));
}

TEST_F(SpawnerCrash, ATornLastRecordLosesNothingElse) {
  StartSpawner();
  auto agent = Connect();
  agent->Start(Shell(1, "exit 2"));
  EXPECT_EQ(agent->AwaitEnded(1).code(), 2);
  KillSpawner();
  std::ofstream(state_ + "/tasks.log", std::ios::app | std::ios::binary)
      << std::string("\x40\0\0\0half a record", 17);
  StartSpawner();
  agent = Connect();
  ASSERT_EQ(agent->known().size(), 1u);
  EXPECT_EQ(agent->known()[0].ended().code(), 2);
}

TEST_F(SpawnerCrash, ALostLeaseEndsEverything) {
  StartSpawner();
  auto agent = Connect();
  v1::Launch launch = Shell(1, "trap '' TERM; while :; do sleep 0.01; done");
  launch.set_stop_grace_us(50'000);
  agent->Start(launch);
  agent->AwaitStarted(1);
  agent->Lease(100'000);
  const wire::Ended ended = agent->AwaitEnded(1);
  EXPECT_EQ(ended.stop_cause(), wire::LEASE_LOST);
  agent->Start(Shell(2, "exit 0"));
  EXPECT_EQ(agent->AwaitEnded(2).stop_cause(), wire::LEASE_LOST) << "nothing starts without a lease";
  agent->Lease(600'000'000);
  agent->Start(Shell(3, "exit 0"));
  EXPECT_EQ(agent->AwaitEnded(3).kind(), wire::EXITED);
}

// As on a machine that slept: the agent's words of before wait in the socket and are read too late.
TEST_F(SpawnerCrash, ALeaseThatIsOverStartsNothingAndStopsWhatRuns) {
  StartSpawner();
  auto agent = Connect();
  agent->Lease(-1'000'000);
  agent->Start(Shell(1, "exit 0"));
  EXPECT_EQ(agent->AwaitEnded(1).stop_cause(), wire::LEASE_LOST) << "a new spawner that never had a lease";
  agent->Lease(600'000'000);
  agent->Start(Shell(2, "trap '' TERM; while :; do sleep 0.01; done"));
  agent->AwaitStarted(2);
  agent->Lease(-100'000'000);
  const wire::Ended ended = agent->AwaitEnded(2);
  EXPECT_EQ(ended.stop_cause(), wire::LEASE_LOST);
  EXPECT_EQ(ended.code(), SIGKILL) << "the grace is over as well";
}

TEST_F(SpawnerCrash, AnOrderlyEndStopsTasksAndRemembersThem) {
  StartSpawner();
  auto agent = Connect();
  agent->Start(Shell(1, "trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done"));
  ASSERT_TRUE(Eventually([&] { return Slurp(state_ + "/output/1/0.1.out") == "ready\n"; }));
  EXPECT_EQ(EndSpawner(), 0);
  StartSpawner();
  agent = Connect();
  ASSERT_EQ(agent->known().size(), 1u);
  EXPECT_EQ(agent->known()[0].ended().code(), 3);
  EXPECT_EQ(agent->known()[0].ended().stop_cause(), wire::SHUT_DOWN);
}

TEST_F(SpawnerCrash, TheLogIsCompactedAndStillComplete) {
  extra_ = {"--log-compact-bytes", "2000"};
  StartSpawner();
  auto agent = Connect();
  agent->Start(Shell(1, "exit 1"));
  agent->AwaitEnded(1);  // never acknowledged
  for (std::uint64_t job = 2; job < 60; ++job) {
    const v1::Launch launch = Launch(job, {"/bin/true"});
    agent->Start(launch);
    agent->AwaitEnded(job);
    agent->Ack(launch.attempt());
  }
  agent->List();
  EXPECT_THAT(Log(), HasSubstr("event=log-compacted"));
  EXPECT_LT(std::filesystem::file_size(state_ + "/tasks.log"), 4000u);
  KillSpawner();
  StartSpawner();
  agent = Connect();
  ASSERT_EQ(agent->known().size(), 1u);
  EXPECT_EQ(agent->known()[0].attempt().job(), 1u);
}

}  // namespace
}  // namespace bsub::spawner_test
