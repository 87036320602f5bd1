// A user's file system that hangs, or a name service: it is that user's task's trouble, not the node's.
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "tests/integration/spawner/spawner_fixture.h"
#include "worker/launch/launch_proof.h"

namespace bsub::spawner_test {
namespace {

constexpr std::uint32_t kOtherUid = 54321;

class SpawnerHung : public SpawnerTest {
 protected:
  void SetUp() override {
    const char* library = std::getenv("BSUB_HUNG_SYSTEM");
    ASSERT_NE(library, nullptr);
    SpawnerTest::SetUp();
    hung_ = dir_ + "/hung";
    std::filesystem::create_directory(hung_);
    setenv("LD_PRELOAD", library, 1);
    setenv("BSUB_TEST_HUNG_DIR", hung_.c_str(), 1);
    setenv("BSUB_TEST_HUNG_UID", std::to_string(kOtherUid).c_str(), 1);
    extra_ = {"--output-look", "10ms"};
  }
  void TearDown() override {
    SpawnerTest::TearDown();
    for (const char* name : {"LD_PRELOAD", "BSUB_TEST_HUNG_DIR", "BSUB_TEST_HUNG_UID"}) unsetenv(name);
  }
  std::string hung_;
};

TEST_F(SpawnerHung, AUsersFileSystemHoldsUpNobody) {
  StartSpawner();
  auto agent = Connect();
  v1::Launch slow = Shell(1, "while [ ! -e go ]; do sleep 0.01; done; exit 3");
  slow.set_stdout_path(hung_ + "/out");
  slow.set_stderr_path(hung_ + "/err");
  agent->Start(slow);
  agent->AwaitStarted(1);
  for (std::uint64_t job = 2; job < 5; ++job) {  // each longer than the time between two looks
    agent->Start(Shell(job, "sleep 0.02; exit 0"));
    EXPECT_EQ(agent->AwaitEnded(job).kind(), wire::EXITED);
  }
  Spill(work_ + "/go", "");
  EXPECT_EQ(agent->AwaitEnded(1).code(), 3) << "nor is its own end";
}

TEST_F(SpawnerHung, ANameServiceHoldsUpNobodyElse) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const std::string path = dir_ + "/launch.key";
  ASSERT_TRUE(worker::LaunchKey::Create(path).has_value());
  const worker::LaunchKey key = *worker::LaunchKey::Load(path);
  extra_.insert(extra_.end(), {"--launch-key", path, "--node", "n1"});
  StartSpawner();
  auto agent = Connect();
  v1::Launch asks = Shell(1, "exit 0");  // its environment has no HOME
  asks.set_uid(kOtherUid);
  asks.set_gid(kOtherUid);
  asks.set_walltime_us(1'000);
  asks.set_stop_grace_us(10'000);  // it does not hear TERM yet
  agent->Start(asks, key.Sign(asks.SerializeAsString()));
  const v1::Launch other = Shell(2, "exit 0");
  agent->Start(other, key.Sign(other.SerializeAsString()));
  EXPECT_EQ(agent->AwaitEnded(2).kind(), wire::EXITED);
  EXPECT_EQ(agent->AwaitEnded(1).kind(), wire::TIMED_OUT);
}

}  // namespace
}  // namespace bsub::spawner_test
