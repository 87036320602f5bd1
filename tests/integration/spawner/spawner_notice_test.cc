// How a task whose node is taken away is told by a signal.
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "tests/integration/spawner/spawner_fixture.h"

namespace bsub::spawner_test {
namespace {

constexpr int kSaved = 85;
constexpr std::int64_t kLong = 600'000'000;  // microseconds

class SpawnerNotice : public SpawnerTest {
 protected:
  v1::Launch Saves(std::uint64_t job, const std::string& script) const {
    v1::Launch launch = Shell(job, script);
    launch.mutable_checkpoint()->set_signal(SIGUSR1);
    launch.mutable_checkpoint()->set_exit_code(kSaved);
    return launch;
  }
  static wire::ToSpawner Notice(const v1::Launch& launch, std::int64_t remaining_us) {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    wire::ToSpawner message;
    wire::NoticeTask& notice = *message.mutable_notice();
    *notice.mutable_attempt() = launch.attempt();
    notice.set_ends_us(now.tv_sec * 1'000'000 + now.tv_nsec / 1000 + remaining_us);
    notice.set_reason("drill");
    return message;
  }
  wire::Ended EndAtNotice(const v1::Launch& launch, std::int64_t remaining_us) {
    StartSpawner();
    const auto agent = Connect();
    agent->Start(launch);
    agent->Send(Notice(launch, remaining_us));
    return agent->AwaitEnded(launch.attempt().job());
  }
};

// It goes on after the notice before it sets its trap, and the signal would end it.
TEST_F(SpawnerNotice, TheSignalWaitsUntilTheProgramMindsIt) {
  extra_ = {"--notice-patience", "10m"};
  StartSpawner();
  const auto agent = Connect();
  const v1::Launch launch =
      Saves(1,
            "until [ -e $BSUB_CONTROL_DIR/notice.json ]; do sleep 0.01; done; touch seen; "
            "until [ -e go ]; do sleep 0.01; done; "
            "trap 'exit 85' USR1; while :; do sleep 0.01; done");
  agent->Start(launch);
  agent->Send(Notice(launch, 2 * kLong));
  EXPECT_TRUE(Eventually([&] { return access((work_ + "/seen").c_str(), F_OK) == 0; }));
  Spill(work_ + "/go", "");
  const wire::Ended ended = agent->AwaitEnded(1);
  EXPECT_EQ(ended.kind(), wire::EXITED) << "signal " << ended.code() << " came before the trap stood";
  EXPECT_EQ(ended.code(), kSaved);
}

TEST_F(SpawnerNotice, WhoseThreadWaitsForItGetsItToo) {
  extra_ = {"--notice-patience", "20s"};
  const std::string waits =
      "import os, signal, threading; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1]); "
      "threading.Thread(target=lambda: (signal.sigwait([signal.SIGUSR1]), os._exit(85))).start()";
  v1::Launch launch = Launch(1, {"/usr/bin/env", "python3", "-c", waits});
  launch.mutable_checkpoint()->set_signal(SIGUSR1);
  launch.mutable_checkpoint()->set_exit_code(kSaved);
  const wire::Ended ended = EndAtNotice(launch, kLong);
  EXPECT_EQ(ended.kind(), wire::EXITED);
  EXPECT_EQ(ended.code(), kSaved);
}

TEST_F(SpawnerNotice, WhoNeverMindsItIsEndedByItAllTheSame) {
  extra_ = {"--notice-patience", "50ms"};
  const wire::Ended ended = EndAtNotice(Saves(1, "while :; do sleep 0.01; done"), kLong);
  EXPECT_EQ(ended.kind(), wire::SIGNALLED);
  EXPECT_EQ(ended.code(), SIGUSR1);
}

// ./with_library || ./own_files
TEST_F(SpawnerNotice, WhoGotNoStoreAndSavesByItsOwnFilesIsBelieved) {
  extra_ = {"--notice-patience", "10m"};
  const wire::Ended ended =
      EndAtNotice(Saves(1,
                        "echo 'failed reason=not%20mounted at=1' >> $BSUB_CONTROL_DIR/report; "
                        "trap 'exit 85' USR1; while :; do sleep 0.01; done"),
                  2 * kLong);
  EXPECT_EQ(ended.kind(), wire::EXITED);
  EXPECT_EQ(ended.code(), kSaved);
  EXPECT_FALSE(ended.not_saved());
  EXPECT_EQ(ended.reason().find("not mounted"), std::string::npos) << ended.reason();
}

TEST_F(SpawnerNotice, WhatCouldNotBeStartedYetIsHandedBack) {
  extra_ = {"--min-free", "1000T", "--start-patience", "1h"};
  const wire::Ended ended = EndAtNotice(Saves(1, "exit 0"), kLong);
  EXPECT_EQ(ended.kind(), wire::NEVER_STARTED);
  EXPECT_EQ(ended.stop_cause(), wire::NODE_FAULT);
  EXPECT_NE(ended.reason().find("to be taken away"), std::string::npos) << ended.reason();
}

TEST_F(SpawnerNotice, WithLittleTimeLeftHalfOfItIsWaited) {
  extra_ = {"--notice-patience", "10m"};
  const wire::Ended ended = EndAtNotice(Saves(1, "while :; do sleep 0.01; done"), 100'000);
  EXPECT_EQ(ended.kind(), wire::SIGNALLED);
  EXPECT_EQ(ended.code(), SIGUSR1);
}

// All ranks of a job stop when one node has heard. The notice to the main one may come when it is over.
class SpawnerNoticeOnItsWay : public SpawnerNotice {
 protected:
  wire::Ended EndOf(std::uint64_t job, int nodes, const std::string& saved) {
    v1::Launch launch =
        Saves(job, "for line in 'opened at=1' 'stopping step=3 at=2' 'committed generation=7 at=3' " + saved +
                       " 'stopped generation=7 step=3 at=5'; do "
                       "echo \"$line\" >> $BSUB_CONTROL_DIR/report; done; exit 3");
    for (int i = 0; i < nodes; ++i) launch.mutable_gang()->add_nodes()->set_name("n" + std::to_string(i + 1));
    agent_->Start(launch);
    return agent_->AwaitEnded(job);
  }
  void SetUp() override {
    SpawnerNotice::SetUp();
    StartSpawner();
    agent_ = Connect();
  }

  std::unique_ptr<Client> agent_;
};

TEST_F(SpawnerNoticeOnItsWay, WhoStoppedForItOnSeveralNodesIsBelieved) {
  const wire::Ended ended = EndOf(1, 2, "");
  EXPECT_EQ(ended.kind(), wire::EXITED);
  EXPECT_EQ(ended.code(), kSaved);
  EXPECT_EQ(ended.reason(), "stopped at generation 7");
  EXPECT_FALSE(ended.not_saved());
}

TEST_F(SpawnerNoticeOnItsWay, ASaveThatFailedStaysOne) {
  const wire::Ended ended = EndOf(1, 2, "'failed reason=full at=4'");
  EXPECT_EQ(ended.code(), kSaved);
  EXPECT_TRUE(ended.not_saved());
}

TEST_F(SpawnerNoticeOnItsWay, OnOneNodeItIsAnEndLikeAnyOther) {
  const wire::Ended ended = EndOf(1, 1, "");
  EXPECT_EQ(ended.kind(), wire::EXITED);
  EXPECT_EQ(ended.code(), 3);
}

}  // namespace
}  // namespace bsub::spawner_test
