// Orders at their worst moments: between the witness and its vfork(2), and right behind that.
#include "worker/spawner/witness_pool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

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

#include "worker/spawner/files.h"
#include "worker/spawner/proc_fs.h"
#include "worker/spawner/task_slots.h"

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

// What the next main process meets; shared with it.
struct Fate {
  std::atomic<bool> waits{false};  // before it does anything, until released
  std::atomic<bool> released{false};
  std::atomic<bool> kills{false};  // its witness, before it does anything
  std::atomic<pid_t> witness{0};
  std::atomic<pid_t> main{0};
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
  const pid_t child = fork();
  if (child != 0) return child;
  fate.main = getpid();
  while (fate.waits && !fate.released) poll(nullptr, 0, bsub::spawner::kPollMs);
  if (fate.kills.exchange(false)) {
    kill(witness, SIGKILL);
    while (getppid() == witness) poll(nullptr, 0, bsub::spawner::kPollMs);
  }
  return child;
}

namespace bsub::spawner {
namespace {

class WitnessPoolTest : public ::testing::Test {
 protected:
  void SetUp() override {
    do {  // descriptor 3 is the main process's to use
      reserved_.emplace_back(open("/dev/null", O_RDWR | O_CLOEXEC));
    } while (reserved_.back().get() < 3);
    std::string pattern = (fs::temp_directory_path() / "bsub-witnesses-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    state_.Reset(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    auto slots = TaskSlots::Create(directory_ + "/slots");
    ASSERT_TRUE(slots) << slots.error().message;
    slots_.emplace(std::move(*slots));
    auto lease = LeasePage::Create(0);
    ASSERT_TRUE(lease) << lease.error().message;
    lease_.emplace(std::move(*lease));
    auto poller = Poller::Create();
    ASSERT_TRUE(poller) << poller.error().message;
    poller_.emplace(std::move(*poller));
    cgroups_ = NoCgroups("a test");
    self_.Reset(static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0)));
    new (&TheFate()) Fate();
  }
  void TearDown() override {
    pool_.reset();  // they end with their sockets
    EXPECT_TRUE(Eventually([] {
      while (waitpid(-1, nullptr, WNOHANG) > 0) {
      }
      return waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
    })) << "witnesses and main processes end by themselves";
    fs::remove_all(directory_);
  }

  void MakePool(std::size_t max_idle = 10, std::uint32_t max_tasks = 10) {
    WitnessDuty duty;
    duty.spawner = self_.get();
    duty.slots = slots_->fd();
    duty.lease = &*lease_;
    duty.cgroups = cgroups_.get();
    duty.sweep_deadline_us = duty.look_deadline_us = kAMinuteUs;
    pool_.emplace(Launcher(std::move(duty), state_.get(), kAMinuteUs), *poller_,
                  WitnessPoolSettings{max_idle, max_tasks, kAMinuteUs});
    ASSERT_TRUE(pool_->Start());
  }
  // Of a task that leaves a file `name`.
  LaunchOrder Order(const std::string& name) {
    LaunchOrder order;
    order.plan.argv = {"/bin/sh", "-c", "echo ran >> " + name};
    order.plan.env = {"PATH=/bin:/usr/bin"};
    order.plan.cwd = directory_;
    order.plan.out.path = directory_ + "/output";
    order.plan.state_dir = state_.get();
    order.key = {JobId(1), ++tasks_, 1};
    order.mark = "no-such-state:1.0.1.1";
    order.slot = slots_->Take().value();
    return order;
  }
  // What is said of the task, up to its last word, as letters: s(tarted), n(ot started), x (executes),
  // e(nded), g(one).
  std::string Story(int witness) {
    std::string story;
    EXPECT_TRUE(Eventually([&] {
      for (const Heard& heard : pool_->Hear(witness)) {
        if (heard.word && heard.word->kind == WordKind::kNotStarted) last_refusal_ = *heard.word;
        story += heard.word ? "snxe"[static_cast<int>(heard.word->kind)] : 'g';
      }
      return story.ends_with('e') || story.ends_with('g');
    })) << story;
    return story;
  }
  bool Ran(const std::string& name) const { return fs::exists(directory_ + "/" + name); }
  // The pids of those that ended, told to the pool.
  bool ReapUntil(pid_t pid) {
    return Eventually([&] {
      for (pid_t one; (one = waitpid(-1, nullptr, WNOHANG)) > 0;) {
        pool_->OnReaped(one);
        if (one == pid) return true;
      }
      return false;
    });
  }

  std::vector<UniqueFd> reserved_;
  std::string directory_;
  UniqueFd state_;
  UniqueFd self_;
  std::optional<TaskSlots> slots_;
  std::optional<LeasePage> lease_;
  std::optional<Poller> poller_;
  std::unique_ptr<CgroupTree> cgroups_;
  std::optional<WitnessPool> pool_;
  std::uint32_t tasks_ = 0;
  Word last_refusal_;
};

TEST_F(WitnessPoolTest, OneWitnessServesManyTasksOneAfterAnother) {
  MakePool();
  const auto first = pool_->Give(Order("first"));
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(Story(*first), "sxe");
  EXPECT_TRUE(Ran("first"));
  const pid_t witness = TheFate().witness;
  EXPECT_TRUE(pool_->Has(witness));
  const auto second = pool_->Give(Order("second"));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(Story(*second), "sxe");
  EXPECT_EQ(TheFate().witness, witness);
  EXPECT_TRUE(Ran("second"));
}

TEST_F(WitnessPoolTest, OneThatHasServedEnoughIsLetGo) {
  MakePool(10, 2);
  std::vector<pid_t> witnesses;
  for (const char* name : {"a", "b", "c"}) {
    EXPECT_EQ(Story(pool_->Give(Order(name)).value()), "sxe");
    witnesses.push_back(TheFate().witness);
  }
  EXPECT_EQ(witnesses[0], witnesses[1]);
  EXPECT_NE(witnesses[1], witnesses[2]);
  EXPECT_TRUE(ReapUntil(witnesses[0]));
  EXPECT_FALSE(pool_->Has(witnesses[0]));
}

TEST_F(WitnessPoolTest, MoreThanMayBeIdleAreLetGo) {
  MakePool(1);
  TheFate().waits = true;
  const int first = pool_->Give(Order("a")).value(), second = pool_->Give(Order("b")).value();
  ASSERT_NE(first, second);
  TheFate().released = true;
  EXPECT_EQ(Story(first), "sxe");
  EXPECT_EQ(Story(second), "sxe");
  EXPECT_TRUE(pool_->Owns(first));
  EXPECT_FALSE(pool_->Owns(second));
}

TEST_F(WitnessPoolTest, WhatIsGivenUpExecutesNothing) {
  TheFate().waits = true;
  MakePool();
  const int witness = pool_->Give(Order("late")).value();
  ASSERT_TRUE(Eventually([] { return TheFate().main != 0; }));
  pool_->Kill(witness);
  EXPECT_TRUE(ReapUntil(TheFate().witness));
  EXPECT_TRUE(pool_->Hear(witness).empty()) << "its main process may still say something";
  TheFate().released = true;
  EXPECT_EQ(Story(witness), "sng");
  EXPECT_EQ(last_refusal_.cause, v1::spawner::NODE_FAULT);
  EXPECT_FALSE(pool_->Owns(witness));
  EXPECT_TRUE(ReapUntil(TheFate().main)) << "it is ours now, and ends";
  EXPECT_FALSE(Ran("late"));
  TheFate().waits = false;
  EXPECT_EQ(Story(pool_->Give(Order("next")).value()), "sxe");
  EXPECT_TRUE(Ran("next"));
}

// The witness may have been frozen over the spawner's death: by now somebody else may run the task.
TEST_F(WitnessPoolTest, WhatWasOrderedBeforeTheSpawnerDiedIsNotExecutedAfter) {
  TheFate().waits = true;
  MakePool();
  ASSERT_TRUE(pool_->Give(Order("late")));
  ASSERT_TRUE(Eventually([] { return TheFate().main != 0; }));
  pool_.reset();
  TheFate().released = true;
  EXPECT_TRUE(Eventually([] {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    return waitpid(-1, nullptr, WNOHANG) < 0 && errno == ECHILD;
  }));
  EXPECT_FALSE(Ran("late"));
}

// The main process shares its witness's memory, and may have been killed while it changed it.
TEST_F(WitnessPoolTest, AfterAMainProcessThatDidNotExecuteAnotherWitnessServes) {
  MakePool();
  LaunchOrder order = Order("a");
  order.plan.cwd = directory_ + "/missing";
  const auto given = pool_->Give(order);
  ASSERT_TRUE(given);
  EXPECT_EQ(Story(*given), "sne");
  const pid_t witness = TheFate().witness;
  EXPECT_EQ(Story(pool_->Give(Order("b")).value()), "sxe");
  EXPECT_NE(TheFate().witness, witness);
  EXPECT_TRUE(Ran("b"));
}

TEST_F(WitnessPoolTest, ATaskWhoseWitnessIsKilledFirstExecutesNothingAndSaysSo) {
  TheFate().kills = true;
  MakePool();
  EXPECT_EQ(Story(pool_->Give(Order("ran")).value()), "sng");
  EXPECT_EQ(last_refusal_.cause, v1::spawner::NODE_FAULT);
  EXPECT_FALSE(Ran("ran"));
}

TEST_F(WitnessPoolTest, AWitnessThatIsKilledWhileIdleCostsNothing) {
  MakePool();
  const int witness = pool_->Give(Order("a")).value();
  EXPECT_EQ(Story(witness), "sxe");
  ASSERT_EQ(kill(TheFate().witness, SIGKILL), 0);
  ASSERT_TRUE(ReapUntil(TheFate().witness));
  EXPECT_EQ(Story(pool_->Give(Order("b")).value()), "sxe");
  EXPECT_TRUE(Ran("b"));
}

TEST_F(WitnessPoolTest, ALauncherThatIsKilledIsReplaced) {
  MakePool();
  const std::vector<pid_t> children = ProcFs().OwnChildren();
  ASSERT_EQ(children.size(), 1u);
  const pid_t launcher = children[0];
  ASSERT_GT(launcher, 0);
  ASSERT_EQ(kill(launcher, SIGKILL), 0);
  ASSERT_TRUE(ReapUntil(launcher));
  EXPECT_EQ(Story(pool_->Give(Order("a")).value()), "sxe");
}

}  // namespace
}  // namespace bsub::spawner
