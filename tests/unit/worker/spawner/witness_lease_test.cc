// A witness's watch over one process, with a lease that moves.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <thread>

#include "tests/unit/worker/spawner/eventually.h"
#include "worker/spawner/files.h"
#include "worker/spawner/lease_watch.h"

namespace bsub::spawner {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kHourUs = 3'600'000'000;

// Whether it waits for a timer of its own: one that is set and goes off.
bool HasArmedTimer(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/fdinfo";
  std::error_code gone;
  for (const auto& entry : fs::directory_iterator(folder, gone)) {
    const auto text = ReadFile(entry.path().string());
    if (!text || text->find("it_value:") == std::string::npos) continue;
    if (text->find("it_value: (0, 0)") == std::string::npos) return true;
  }
  return false;
}

class WitnessLease : public ::testing::Test {
 protected:
  void SetUp() override {
    auto lease = LeasePage::Create(0);
    ASSERT_TRUE(lease);
    lease_ = std::make_unique<LeasePage>(std::move(*lease));
    cgroups_ = NoCgroups("a test");
    main_ = fork();
    if (main_ == 0) {
      for (;;) pause();
    }
  }
  void TearDown() override {
    for (const pid_t pid : {watcher_, main_}) {
      if (pid <= 0) continue;
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
    }
  }

  // A process that watches main_; its exit status says whether it killed.
  void Watch() {
    duty_.key = {JobId(1), 0, 1};
    duty_.mark = "no-such-mark:1.0.1.1";
    duty_.lease = lease_.get();
    duty_.cgroups = cgroups_.get();
    duty_.sweep_deadline_us = 60'000'000;
    watcher_ = fork();
    if (watcher_ != 0) return;
    LeaseWatch watch(duty_, timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC));
    watch.AwaitEnd(main_);
    _exit(watch.killed() ? 1 : 0);
  }
  int AwaitWatcher() {
    int status = 0;
    waitpid(watcher_, &status, 0);
    watcher_ = 0;
    return WEXITSTATUS(status);
  }

  std::unique_ptr<LeasePage> lease_;
  std::unique_ptr<CgroupTree> cgroups_;
  WitnessDuty duty_;
  pid_t main_ = 0;
  pid_t watcher_ = 0;
};

TEST_F(WitnessLease, WhatEndsByItselfIsNotKilled) {
  lease_->SetEnd(BootTimeUs() + kHourUs);
  Watch();
  kill(main_, SIGKILL);
  EXPECT_EQ(AwaitWatcher(), 0);
}

TEST_F(WitnessLease, ItsEndKills) {
  Watch();
  lease_->SetEnd(BootTimeUs() + 1000);
  EXPECT_EQ(AwaitWatcher(), 1);
}

// The alarm goes off while the page says later already: the spawner is between its two steps of a renewal.
TEST_F(WitnessLease, ALeaseThatIsShortenedWhileTheAlarmIsLeftAloneKills) {
  lease_->SetEnd(BootTimeUs() + kHourUs);
  ArmAt(lease_->alarm(), 1);
  Watch();
  ASSERT_TRUE(Eventually([&] { return HasArmedTimer(watcher_); })) << "it rests";
  lease_->SetEnd(BootTimeUs() + 1000);
  EXPECT_TRUE(Eventually([&] { return waitpid(watcher_, nullptr, WNOHANG) == watcher_; }));
  EXPECT_EQ(waitpid(main_, nullptr, WNOHANG), main_);
  watcher_ = main_ = 0;
}

}  // namespace
}  // namespace bsub::spawner
