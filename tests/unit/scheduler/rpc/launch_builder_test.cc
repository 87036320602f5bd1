#include "scheduler/rpc/launch_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "scheduler/rpc/payloads.h"

namespace bsub::rpc {
namespace {

using ::testing::ElementsAre;

class Payloads final : public PayloadPort {
 public:
  PayloadHash Put(const google::protobuf::MessageLite& message) {
    const StagedPayload staged = Stage(message);
    bytes_[staged.hash] = staged.bytes;
    return staged.hash;
  }
  Result<std::shared_ptr<const std::string>> Get(const PayloadHash& hash) override {
    const auto it = bytes_.find(hash);
    if (it == bytes_.end()) return NotFound("no such payload");
    return it->second;
  }

 private:
  std::map<PayloadHash, std::shared_ptr<const std::string>> bytes_;
};

// Says what it was asked to sign, so that tests can tell one thing from another.
std::string Sign(std::string_view text) { return "signed:" + std::string(text); }

class LaunchOfGang : public ::testing::Test {
 protected:
  v1::Launch Build(std::uint32_t part) {
    sched::LaunchTask task;
    task.attempt = {{JobId(12), 3}, 2};
    task.settings = std::make_shared<JobSettings>(settings);
    task.part = part;
    task.saved_generation = 7;
    v1::Command command;
    command.add_argv("mpirun");
    task.command = payloads.Put(command);
    auto gang = std::make_shared<sched::LaunchGang>();
    gang->nodes = {{"n1", "10.0.0.1"}, {"n2", "10.0.0.2"}};
    task.gang = gang;
    const auto built = BuildLaunch(task, {"n1", "uuid", 0, "/opt/bsub-lite-step"}, payloads, Sign);
    EXPECT_TRUE(built) << built.error().message;
    v1::Launch launch;
    EXPECT_TRUE(launch.ParseFromString(built->launch()));
    return launch;
  }
  LaunchOfGang() {
    v1::Environment environment;
    settings.environment = payloads.Put(environment);
    settings.gang = {.nodes = 2, .ranks_per_node = 3, .threads_per_rank = 4};
  }

  Payloads payloads;
  JobSettings settings;
};

TEST_F(LaunchOfGang, TellsThePartAndWhereTheOthersAre) {
  const v1::Launch launch = Build(1);
  EXPECT_EQ(launch.gang().index(), 1u);
  ASSERT_EQ(launch.gang().nodes_size(), 2);
  EXPECT_EQ(launch.gang().nodes(0).name(), "n1");
  EXPECT_EQ(launch.gang().nodes(1).address(), "10.0.0.2");
  EXPECT_EQ(launch.gang().ranks_per_node(), 3u);
  EXPECT_EQ(launch.gang().threads_per_rank(), 4u);
  EXPECT_THAT(launch.command().argv(), ElementsAre("mpirun"));
}

TEST_F(LaunchOfGang, TellsWhatIsSavedWhere) {
  EXPECT_FALSE(Build(0).has_checkpoint());
  settings.checkpoint.directory = "/saved";
  EXPECT_EQ(Build(0).checkpoint().directory(), "/saved/12");
  EXPECT_EQ(Build(0).checkpoint().saved_generation(), 7u);
}

TEST_F(LaunchOfGang, NoSaveIsExpectedWhereTheDirectoryMayGoWithItsNode) {
  settings.checkpoint.directory = "/tmp/saved";
  settings.checkpoint.anywhere = true;
  EXPECT_EQ(Build(0).checkpoint().directory(), "/tmp/saved/12");
  EXPECT_EQ(Build(0).checkpoint().saved_generation(), 0u);
}

TEST_F(LaunchOfGang, TheStepServerRunsOnAllButTheMainNode) {
  settings.gang.launch = GangLaunch::kMainNode;
  EXPECT_THAT(Build(0).command().argv(), ElementsAre("mpirun"));
  EXPECT_THAT(Build(1).command().argv(), ElementsAre("/opt/bsub-lite-step"));
}

TEST_F(LaunchOfGang, RanksAreStartedByTheStepProgramOfTheMainNode) {
  settings.gang.launch = GangLaunch::kRanks;
  EXPECT_THAT(Build(0).command().argv(), ElementsAre("/opt/bsub-lite-step", "ranks", "mpirun"));
  EXPECT_THAT(Build(1).command().argv(), ElementsAre("/opt/bsub-lite-step"));
}

TEST_F(LaunchOfGang, AllPartsOfAnAttemptShareASecretThatIsNoProofOfALaunch) {
  const std::string secret = Build(0).gang().secret();
  EXPECT_EQ(secret, Build(1).gang().secret());
  EXPECT_NE(secret.find("uuid 12.3.2"), std::string::npos);
  v1::Launch signed_text;
  EXPECT_FALSE(signed_text.ParseFromString(secret.substr(std::string("signed:").size())));
}

TEST_F(LaunchOfGang, PartsDoNotShareAnOutputFileUnlessItNamesThem) {
  settings.stdout_path = "out.%J";
  settings.stderr_path = "err.%N.%%N";
  EXPECT_EQ(Build(0).stdout_path(), "out.%J");
  EXPECT_EQ(Build(0).stderr_path(), "err.0.%%N");
  EXPECT_EQ(Build(1).stdout_path(), "");
  EXPECT_EQ(Build(1).stderr_path(), "err.1.%%N");
}

}  // namespace
}  // namespace bsub::rpc
