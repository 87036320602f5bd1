// The supervisor's program with stand-ins for the daemons: shell scripts that do what a test needs.
#include <gmock/gmock.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "cli/supervisor/daemon_spec.h"
#include "cli/supervisor/daemons_file.h"
#include "cli/supervisor/files.h"
#include "cli/supervisor/launch.h"
#include "cli/supervisor/log_cap.h"

namespace bsub::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kObedient =
    "trap 'echo \"$0 ended\" >> $ORDER; exit 0' TERM; while :; do sleep 0.02; done";

class SupervisorTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "bsub-supervisor-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    fs::create_directories(programs());
    fs::create_symlink(fs::path(getenv("BSUB_BUILD_DIR")) / "bin/bsub-lite-supervisor",
                       programs() + "/bsub-lite-supervisor");
    for (const char* daemon : {"scheduler", "spawner", "agent"}) Install(daemon, kObedient);
    ASSERT_TRUE(PrepareHome(layout_of(), cluster_));
    ASSERT_TRUE(WriteFileWhole(layout_of().LaunchKey(), "key", Durable::kNo));
  }

  void TearDown() override {
    if (supervisor_) SendSignal(supervisor_->pidfd, SIGKILL);
    for (const DaemonSpec& spec : DaemonsOf(cluster_, layout_of(), "")) {
      if (const auto record = ReadRecord(layout_of().RecordOf(spec.name)); record && OpenIfAlive(*record))
        kill(record->pid, SIGKILL);
    }
    fs::remove_all(root_);
  }

  std::string programs() const { return root_ + "/bin"; }
  std::string order_file() const { return root_ + "/order"; }
  HomeLayout layout_of() const { return {root_ + "/home"}; }

  void Install(const std::string& daemon, const std::string& script) {
    const std::string path = programs() + "/bsub-lite-" + daemon;
    std::ofstream(path + ".new")
        << "#!/bin/sh\nORDER=" << order_file() << "\n"
        << "case \"$*\" in *--end-leftovers*) echo leftovers >> $ORDER; exit 0;; esac\n"
        << script << "\n";
    fs::permissions(path + ".new", fs::perms::owner_all);
    fs::rename(path + ".new", path);
  }

  void Start(bool stop_only = false) {
    ASSERT_TRUE(WriteFileWhole(layout_of().ClusterFile(), ToJson(cluster_), Durable::kNo));
    auto started = StartSupervisor(layout_of(), programs(), stop_only);
    ASSERT_TRUE(started) << started.error().message;
    supervisor_ = std::move(*started);
  }

  std::vector<DaemonStatus> Daemons() const {
    const auto text = ReadWholeFile(layout_of().DaemonsFile());
    return text ? ParseDaemons(*text) : std::vector<DaemonStatus>();
  }
  DaemonStatus StatusOf(const std::string& name) const {
    for (const DaemonStatus& daemon : Daemons()) {
      if (daemon.name == name) return daemon;
    }
    return {};
  }
  pid_t PidOf(const std::string& name) const { return StatusOf(name).pid; }

  static bool Eventually(const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  bool AllRun() const {
    const auto daemons = Daemons();
    return !daemons.empty() &&
           std::all_of(daemons.begin(), daemons.end(), [](const auto& daemon) { return daemon.pid != 0; });
  }
  std::string Log(const std::string& name) const {
    return ReadWholeFile(layout_of().LogOf(name)).value_or("");
  }

  std::string root_;
  ClusterFile cluster_{.nodes = 2, .cpu_milli = 1000, .mem_bytes = 1, .config = "", .supervisor = {}};
  std::optional<RunningSupervisor> supervisor_;
};

TEST_F(SupervisorTest, StartsEveryDaemonAndRestartsOneThatIsKilled) {
  Start();
  ASSERT_TRUE(Eventually([&] { return AllRun(); }));
  const pid_t first = PidOf("agent-n2");
  ASSERT_EQ(kill(first, SIGKILL), 0);
  ASSERT_TRUE(Eventually([&] { return PidOf("agent-n2") != first && PidOf("agent-n2") != 0; }));
  EXPECT_EQ(StatusOf("agent-n2").last_end, "killed by signal 9");
  EXPECT_FALSE(StatusOf("agent-n2").gave_up);
}

TEST_F(SupervisorTest, SpawnersWaitForTheKeyThatTheSchedulerMakes) {
  fs::remove(layout_of().LaunchKey());
  Install("scheduler", std::string("echo key > ") + layout_of().LaunchKey() + "; " + kObedient);
  Install("spawner", std::string("[ -s ") + layout_of().LaunchKey() + " ] || exit 1; " + kObedient);
  Start();
  ASSERT_TRUE(Eventually([&] { return AllRun(); }));
  EXPECT_EQ(StatusOf("spawner-n1").last_end, "");
}

TEST_F(SupervisorTest, ADaemonThatCannotStartIsToldOfAndTriedAgain) {
  Install("scheduler", "echo 'journal: damaged' >&2; exit 1");
  cluster_.supervisor.backoff = {.first = std::chrono::milliseconds(1), .last = std::chrono::milliseconds(5)};
  Start();
  ASSERT_TRUE(Eventually([&] { return StatusOf("scheduler").restarts >= 3; }));
  EXPECT_TRUE(StatusOf("scheduler").gave_up);
  EXPECT_EQ(StatusOf("scheduler").last_end, "exited with code 1");
  EXPECT_THAT(Log("scheduler"), HasSubstr("journal: damaged"));
  Install("scheduler", kObedient);
  EXPECT_TRUE(Eventually([&] { return AllRun(); }));
}

TEST_F(SupervisorTest, AMissingProgramIsNamedInTheLog) {
  fs::remove(programs() + "/bsub-lite-agent");
  Start();
  EXPECT_TRUE(Eventually([&] {
    return Log("agent-n1").find("bsub-lite-agent cannot be executed: No such file") != std::string::npos;
  }));
}

TEST_F(SupervisorTest, ItsSuccessorTakesTheDaemonsOverUntouched) {
  Start();
  ASSERT_TRUE(Eventually([&] { return AllRun(); }));
  const auto before = Daemons();
  SendSignal(supervisor_->pidfd, SIGKILL);
  ASSERT_TRUE(WaitForEnd(supervisor_->pidfd, 10'000));
  EXPECT_EQ(LivingDaemons(layout_of(), cluster_).size(), 5u);
  Start();
  ASSERT_TRUE(Eventually([&] { return AllRun(); }));
  for (const DaemonStatus& daemon : before) EXPECT_EQ(PidOf(daemon.name), daemon.pid) << daemon.name;
  // And watches them as its own.
  const pid_t adopted = PidOf("spawner-n1");
  ASSERT_EQ(kill(adopted, SIGKILL), 0);
  EXPECT_TRUE(Eventually([&] { return PidOf("spawner-n1") != 0 && PidOf("spawner-n1") != adopted; }));
}

TEST_F(SupervisorTest, StopsAgentsThenSpawnersThenTheScheduler) {
  Start();
  ASSERT_TRUE(Eventually([&] { return AllRun(); }));
  // The stand-ins must have set their traps; their shells sleep once they have.
  ASSERT_TRUE(Eventually([&] {
    for (const DaemonStatus& daemon : Daemons()) {
      const auto children = ReadWholeFile("/proc/" + std::to_string(daemon.pid) + "/task/" +
                                          std::to_string(daemon.pid) + "/children");
      if (!children || children->empty()) return false;
    }
    return true;
  }));
  SendSignal(supervisor_->pidfd, SIGTERM);
  ASSERT_TRUE(WaitForEnd(supervisor_->pidfd, 30'000));
  std::string order = ReadWholeFile(order_file()).value_or("");
  for (const char* daemon : {"agent", "agent", "spawner", "spawner", "scheduler"}) {
    const std::string line = programs() + "/bsub-lite-" + daemon + " ended\n";
    ASSERT_TRUE(order.starts_with(line)) << order;
    order.erase(0, line.size());
  }
  EXPECT_THAT(LivingDaemons(layout_of(), cluster_), IsEmpty());
}

TEST_F(SupervisorTest, WhatDoesNotEndInTimeIsKilled) {
  Install("agent", "trap '' TERM; while :; do sleep 0.02; done");
  cluster_.supervisor.agent_stop = std::chrono::milliseconds(50);
  Start();
  ASSERT_TRUE(Eventually([&] { return AllRun(); }));
  SendSignal(supervisor_->pidfd, SIGTERM);
  ASSERT_TRUE(WaitForEnd(supervisor_->pidfd, 30'000));
  EXPECT_THAT(LivingDaemons(layout_of(), cluster_), IsEmpty());
}

TEST_F(SupervisorTest, ASecondStopGivesTasksNoMoreGrace) {
  Install("spawner", "trap '' TERM; trap 'exit 0' INT; while :; do sleep 0.02; done");
  Start();
  ASSERT_TRUE(Eventually([&] { return AllRun(); }));
  SendSignal(supervisor_->pidfd, SIGTERM);
  ASSERT_TRUE(Eventually([&] { return PidOf("agent-n1") == 0 && PidOf("agent-n2") == 0; }));
  SendSignal(supervisor_->pidfd, SIGTERM);
  EXPECT_TRUE(WaitForEnd(supervisor_->pidfd, 30'000));
}

TEST_F(SupervisorTest, WhatAFrozenSpawnerLeavesIsEnded) {
  Install("spawner", "trap '' TERM; while :; do sleep 0.02; done");
  cluster_.supervisor.task_stop = std::chrono::milliseconds(50);
  cluster_.supervisor.spawner_stop = std::chrono::milliseconds(50);
  Start();
  ASSERT_TRUE(Eventually([&] { return AllRun(); }));
  SendSignal(supervisor_->pidfd, SIGTERM);
  ASSERT_TRUE(WaitForEnd(supervisor_->pidfd, 30'000));
  const std::string order = ReadWholeFile(order_file()).value_or("");
  EXPECT_THAT(order, HasSubstr("leftovers\nleftovers\n")) << "one for each node";
  EXPECT_THAT(LivingDaemons(layout_of(), cluster_), IsEmpty());
}

TEST_F(SupervisorTest, DaemonsWithoutASupervisorCanBeStopped) {
  Start();
  ASSERT_TRUE(Eventually([&] { return AllRun(); }));
  SendSignal(supervisor_->pidfd, SIGKILL);
  ASSERT_TRUE(WaitForEnd(supervisor_->pidfd, 10'000));
  Start(true);
  ASSERT_TRUE(!supervisor_->pidfd.valid() || WaitForEnd(supervisor_->pidfd, 30'000));
  EXPECT_THAT(LivingDaemons(layout_of(), cluster_), IsEmpty());
}

TEST_F(SupervisorTest, AStaleHomeIsNotMistakenForARunningOne) {
  // Records of another boot, with the pid of a process that lives now.
  ProcessIdentity other = *IdentityOf(getpid());
  other.boot_id = "another boot";
  for (const char* name : {"supervisor", "scheduler", "agent-n1"}) {
    ASSERT_TRUE(WriteFileWhole(layout_of().RecordOf(name), ToRecord(other), Durable::kNo));
  }
  EXPECT_THAT(LivingDaemons(layout_of(), cluster_), IsEmpty());
  EXPECT_FALSE(FindSupervisor(layout_of())->has_value());
  Start();
  ASSERT_TRUE(Eventually([&] { return AllRun(); }));
  EXPECT_NE(PidOf("scheduler"), getpid());
}

TEST_F(SupervisorTest, DamagedRecordsAreNoRecords) {
  for (const char* text : {"", "x", "{}", "[]", "{\"pid\":1,\"startTicks\":\"x\",\"bootId\":\"\"}",
                           "{\"pid\":-1,\"startTicks\":1,\"bootId\":\"b\"}"}) {
    EXPECT_FALSE(ParseRecord(text)) << text;
  }
  const ProcessIdentity self = *IdentityOf(getpid());
  EXPECT_EQ(ParseRecord(ToRecord(self)), self);
}

TEST_F(SupervisorTest, ASecondSupervisorDoesNotTouchTheFirstOnesDaemons) {
  Start();
  ASSERT_TRUE(Eventually([&] { return AllRun(); }));
  EXPECT_TRUE(*LockFile::IsHeld(layout_of().SupervisorLock()));
  EXPECT_TRUE(FindSupervisor(layout_of())->has_value());
}

TEST_F(SupervisorTest, AHomeThatIsTooLongForSocketsIsRefused) {
  const HomeLayout longer{root_ + "/" + std::string(100, 'x')};
  const Status prepared = PrepareHome(longer, cluster_);
  ASSERT_FALSE(prepared);
  EXPECT_THAT(prepared.error().message, HasSubstr("leave room for the names of sockets"));
  EXPECT_FALSE(fs::exists(longer.home));
}

TEST_F(SupervisorTest, ALogThatGrowsTooLargeBecomesTheOlderOne) {
  Install("agent",
          "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; trap 'echo again' USR1; "
          "trap 'exit 0' TERM; echo > $ORDER.$$; while :; do sleep 0.02; done");
  cluster_.supervisor.log_bytes = 5000;
  cluster_.supervisor.log_look = std::chrono::milliseconds(10);
  Start();
  const std::string log = layout_of().LogOf("agent-n1");
  ASSERT_TRUE(Eventually(
      [&] { return AllRun() && fs::exists(order_file() + "." + std::to_string(PidOf("agent-n1"))); }));
  ASSERT_TRUE(Eventually([&] { return fs::exists(OlderLog(log)) && fs::file_size(log) <= 5000; }));
  // It still writes where people look, by the descriptor that it has.
  ASSERT_EQ(kill(PidOf("agent-n1"), SIGUSR1), 0);
  EXPECT_TRUE(Eventually([&] { return Log("agent-n1").find("again\n") != std::string::npos; }));
  EXPECT_EQ(Log("agent-n1").find('\0'), std::string::npos) << "a hole where it had been";
}

TEST_F(SupervisorTest, CappingALogKeepsWhatWasInIt) {
  const std::string path = root_ + "/log";
  EXPECT_FALSE(*CapLog(path, 3)) << "there is none";
  std::ofstream(path) << "abc";
  EXPECT_FALSE(*CapLog(path, 3));
  EXPECT_FALSE(*CapLog(path, 0)) << "no limit";
  std::ofstream(path, std::ios::app) << "d";
  EXPECT_TRUE(*CapLog(path, 3));
  EXPECT_EQ(*ReadWholeFile(path), "");
  EXPECT_EQ(*ReadWholeFile(OlderLog(path)), "abcd");
  std::ofstream(path) << "efgh";
  fs::remove(OlderLog(path));
  fs::create_directories(OlderLog(path) + "/x");  // nothing can take its name
  EXPECT_THAT(CapLog(path, 3).error().message, HasSubstr("cannot be copied to " + OlderLog(path)));
  EXPECT_EQ(*ReadWholeFile(path), "efgh");
  EXPECT_FALSE(fs::exists(OlderLog(path) + ".new"));
}

TEST_F(SupervisorTest, ShowsTheLastLinesOfALog) {
  const std::string path = root_ + "/log";
  EXPECT_EQ(LastLines(path, 3), "");
  std::ofstream(path) << "a\nb\nc\nd\n";
  EXPECT_EQ(LastLines(path, 1), "d");
  EXPECT_EQ(LastLines(path, 3), "b\nc\nd");
  EXPECT_EQ(LastLines(path, 30), "a\nb\nc\nd");
}

}  // namespace
}  // namespace bsub::cli
