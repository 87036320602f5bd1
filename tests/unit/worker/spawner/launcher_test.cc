// A launch at its worst moments: between the witness and its vfork(2), and right behind that.
#include "worker/spawner/launcher.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "worker/spawner/exit_slots.h"
#include "worker/spawner/files.h"

namespace bsub::spawner {
namespace {

namespace fs = std::filesystem;

constexpr int kPollMs = 1;
constexpr std::int64_t kAMinuteUs = 60'000'000;

bool Eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    poll(nullptr, 0, kPollMs);
  }
  return true;
}

// What the next witness meets; shared with it.
struct Fate {
  std::atomic<bool> waits{false};  // before it makes the main process, until released
  std::atomic<bool> released{false};
  std::atomic<bool> dies{false};  // once it has, before that says a word
  std::atomic<pid_t> witness{0};
};

Fate& TheFate() {
  static Fate* const fate =
      new (mmap(nullptr, sizeof(Fate), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Fate();
  return *fate;
}

}  // namespace
}  // namespace bsub::spawner

// In place of the C library's, for the witnesses of this program. A vfork may be a fork.
extern "C" pid_t vfork() noexcept {
  bsub::spawner::Fate& fate = bsub::spawner::TheFate();
  const pid_t witness = getpid();
  fate.witness = witness;
  while (fate.waits && !fate.released) poll(nullptr, 0, bsub::spawner::kPollMs);
  const bool dies = fate.dies.exchange(false);
  const pid_t child = fork();
  if (child == 0 && dies) {
    kill(witness, SIGKILL);
    while (getppid() == witness) poll(nullptr, 0, bsub::spawner::kPollMs);
  }
  return child;
}

namespace bsub::spawner {
namespace {

class LauncherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    do {  // descriptor 3 is the main process's to use
      reserved_.emplace_back(open("/dev/null", O_RDWR | O_CLOEXEC));
    } while (reserved_.back().get() < 3);
    std::string pattern = (fs::temp_directory_path() / "bsub-launcher-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    state_.Reset(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    auto exits = ExitSlots::Create(directory_ + "/exits");
    ASSERT_TRUE(exits) << exits.error().message;
    exits_.emplace(std::move(*exits));
    auto lease = LeasePage::Create(0);
    ASSERT_TRUE(lease) << lease.error().message;
    lease_.emplace(std::move(*lease));
    cgroups_ = NoCgroups("a test");
    self_.Reset(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
    new (&TheFate()) Fate();
  }
  void TearDown() override {
    launcher_.reset();  // ends with its socket
    EXPECT_TRUE(ReapAll());
    fs::remove_all(directory_);
  }

  void MakeLauncher(std::int64_t patience_us) {
    WitnessDuty duty;
    duty.spawner = self_.get();
    duty.exits = exits_->fd();
    duty.lease = &*lease_;
    duty.cgroups = cgroups_.get();
    duty.sweep_deadline_us = duty.look_deadline_us = kAMinuteUs;
    launcher_.emplace(std::move(duty), state_.get(), patience_us);
    ASSERT_TRUE(launcher_->Start());
  }
  // Of a task that leaves a file `name`; our end of its start socket goes to `ours`.
  Result<StartedChild> Launch(const std::string& name, UniqueFd& ours) {
    ChildPlan plan;
    plan.argv = {"/bin/sh", "-c", "echo ran >> " + name};
    plan.env = {"PATH=/bin:/usr/bin"};
    plan.cwd = directory_;
    plan.out.path = directory_ + "/output";
    plan.state_dir = state_.get();
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return Unavailable("no socket");
    ours.Reset(ends[0]);
    return launcher_->Launch(plan, {JobId(1), 0, 1}, "no-such-state:1.0.1.1", 0, ours.get(),
                             UniqueFd(ends[1]));
  }
  bool Ran(const std::string& name) const { return fs::exists(directory_ + "/" + name); }
  static bool ReapAll() {
    return Eventually([] {
      while (waitpid(-1, nullptr, WNOHANG) > 0) {
      }
      return waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
    });
  }
  // Tells the launcher of its death, as the event loop does.
  bool ReapLauncher() {
    return Eventually([this] {
      siginfo_t info{};
      while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
        if (!launcher_->Is(info.si_pid)) continue;
        launcher_->OnReaped();
        return true;
      }
      return false;
    });
  }

  std::vector<UniqueFd> reserved_;
  std::string directory_;
  UniqueFd state_;
  UniqueFd self_;
  std::optional<ExitSlots> exits_;
  std::optional<LeasePage> lease_;
  std::unique_ptr<CgroupTree> cgroups_;
  std::optional<Launcher> launcher_;
};

TEST_F(LauncherTest, WhatItStartsExecutesOnceItIsTold) {
  MakeLauncher(kAMinuteUs);
  UniqueFd ours;
  const auto started = Launch("ran", ours);
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_GT(started->main, 0);
  EXPECT_EQ(started->witness, TheFate().witness);
  EXPECT_FALSE(Ran("ran"));
  ASSERT_EQ(send(ours.get(), &kGo, 1, MSG_NOSIGNAL), 1);
  EXPECT_TRUE(Eventually([&] { return Ran("ran"); }));
}

// The launch is given up although there is a witness, of which nobody knows.
TEST_F(LauncherTest, AWitnessThatComesTooLateExecutesNothing) {
  TheFate().waits = true;
  UniqueFd ours;
  // Until one is patient enough for a witness to be made.
  for (std::int64_t patience_us = 50'000; TheFate().witness == 0; patience_us *= 2) {
    MakeLauncher(patience_us);
    const auto given_up = Launch("late", ours);
    ASSERT_FALSE(given_up);
    EXPECT_EQ(given_up.error().code, Code::kUnavailable) << "to be tried again";
    UniqueFd next;
    EXPECT_FALSE(Launch("next", next)) << "while the killed one is there, it is of no use";
    ASSERT_TRUE(ReapLauncher());
  }
  send(ours.get(), &kGo, 1, MSG_NOSIGNAL);  // not even then
  TheFate().released = true;
  launcher_.reset();
  ASSERT_TRUE(ReapAll()) << "witness and main process end by themselves";
  EXPECT_FALSE(Ran("late"));
  EXPECT_FALSE(Ran("next"));
  MakeLauncher(kAMinuteUs);
  ASSERT_TRUE(Launch("late", ours));
  ASSERT_EQ(send(ours.get(), &kGo, 1, MSG_NOSIGNAL), 1);
  EXPECT_TRUE(Eventually([&] { return Ran("late"); }));
}

// By then the parent of the main process is the spawner itself.
TEST_F(LauncherTest, AWitnessThatIsKilledBeforeItIsToldOfKeepsItsName) {
  TheFate().dies = true;
  MakeLauncher(kAMinuteUs);
  UniqueFd ours;
  const auto started = Launch("ran", ours);
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_EQ(started->witness, TheFate().witness);
  EXPECT_NE(started->witness, getpid());
}

}  // namespace
}  // namespace bsub::spawner
