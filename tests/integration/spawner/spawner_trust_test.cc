// Whom the spawner believes: proofs, users, nodes, protocols, and what it says when it cannot start.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "tests/integration/spawner/spawner_fixture.h"
#include "worker/launch/launch_proof.h"

namespace bsub::spawner_test {
namespace {

using ::testing::HasSubstr;

constexpr uid_t kNobody = 65534;

class SpawnerTrust : public SpawnerTest {
 protected:
  void StartWithKey() {
    const std::string path = dir_ + "/launch.key";
    ASSERT_TRUE(worker::LaunchKey::Create(path).has_value());
    extra_.insert(extra_.end(), {"--launch-key", path, "--node", "n1"});
    key_ = std::make_unique<worker::LaunchKey>(*worker::LaunchKey::Load(path));
    StartSpawner();
    agent_ = Connect();
    ASSERT_NE(agent_, nullptr);
  }
  std::string Proof(const v1::Launch& launch) const { return key_->Sign(launch.SerializeAsString()); }
  // Runs a spawner that must refuse to start; its output.
  std::string RunRefused(const std::vector<std::string>& arguments) {
    const std::string log = dir_ + "/refused.log";
    const pid_t pid = Spawn(arguments, log);
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_NE(WEXITSTATUS(status), 0);
    return Slurp(log);
  }

  std::unique_ptr<worker::LaunchKey> key_;
  std::unique_ptr<Client> agent_;
};

TEST_F(SpawnerTrust, RunsOnlyWhatTheSchedulerSigned) {
  StartWithKey();
  EXPECT_TRUE(agent_->hello().proof_required());
  const v1::Launch good = Shell(1, "exit 0");
  agent_->Start(good, Proof(good));
  EXPECT_EQ(agent_->AwaitEnded(1).kind(), wire::EXITED);

  agent_->Start(Shell(2, "exit 0"));
  EXPECT_THAT(agent_->AwaitEnded(2).reason(), HasSubstr("carries no proof"));

  v1::Launch forged = Shell(3, "exit 0");
  const std::string proof = Proof(forged);
  forged.mutable_command()->add_argv("more");
  agent_->Start(forged, proof);
  EXPECT_THAT(agent_->AwaitEnded(3).reason(), HasSubstr("proof is wrong"));

  v1::Launch elsewhere = Shell(4, "exit 0");
  elsewhere.set_node("n2");
  agent_->Start(elsewhere, Proof(elsewhere));
  EXPECT_THAT(agent_->AwaitEnded(4).reason(), HasSubstr("is for node 'n2', this is 'n1'"));

  const v1::Launch inner = Shell(5, "exit 0");
  wire::ToSpawner envelope;
  envelope.mutable_start()->set_launch(inner.SerializeAsString());
  envelope.mutable_start()->set_proof(Proof(inner));
  envelope.mutable_start()->mutable_attempt()->set_job(6);
  envelope.mutable_start()->mutable_attempt()->set_number(1);
  agent_->Send(envelope);
  EXPECT_THAT(agent_->AwaitEnded(6).reason(), HasSubstr("its envelope for 6.0.1"));
}

TEST_F(SpawnerTrust, StartsTasksOfOthersOnlyAsRootWithAProof) {
  v1::Launch others = Shell(1, "id -u; id -g; id -G; echo mine > file");
  others.set_uid(kNobody);
  others.set_gid(kNobody);
  others.add_groups(kNobody);
  others.add_groups(54321);
  others.set_user_name("nobody");
  if (geteuid() != 0) {
    StartSpawner();
    agent_ = Connect();
    others.set_uid(geteuid() + 1);
    agent_->Start(others);
    EXPECT_THAT(agent_->AwaitEnded(1).reason(), HasSubstr("submit as that user or run the node as root"));
    return;
  }
  ASSERT_EQ(chown(work_.c_str(), kNobody, kNobody), 0);
  StartWithKey();
  agent_->Start(others, Proof(others));
  const wire::Ended ended = agent_->AwaitEnded(1);
  EXPECT_EQ(ended.code(), 0) << ended.reason();
  EXPECT_EQ(Output(others), "65534\n65534\n65534 54321\n");
  struct stat file {};
  ASSERT_EQ(stat((work_ + "/file").c_str(), &file), 0);
  EXPECT_EQ(file.st_uid, kNobody);

  v1::Launch script = Launch(2, {});
  script.set_uid(kNobody);
  script.set_gid(kNobody);
  script.mutable_command()->set_script("echo script; echo more >> /dev/stdout");
  agent_->Start(script, Proof(script));
  EXPECT_EQ(agent_->AwaitEnded(2).code(), 0);
  EXPECT_EQ(Output(script), "script\nmore\n");

  v1::Launch closed = Shell(3, "echo ran");
  closed.set_uid(kNobody);
  closed.set_gid(kNobody);
  closed.set_user_name("nobody");
  closed.set_working_directory(dir_ + "/closed");
  std::filesystem::create_directory(dir_ + "/closed");
  chmod((dir_ + "/closed").c_str(), 0700);
  agent_->Start(closed, Proof(closed));
  EXPECT_THAT(agent_->AwaitEnded(3).reason(), HasSubstr("cannot enter working directory '" + dir_ +
                                                        "/closed': Permission denied as nobody (uid 65534)"));
}

TEST_F(SpawnerTrust, AsRootWithoutAKeyStartsNobodyElsesTasks) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  StartSpawner();
  agent_ = Connect();
  v1::Launch others = Shell(1, "exit 0");
  others.set_uid(kNobody);
  agent_->Start(others);
  EXPECT_THAT(agent_->AwaitEnded(1).reason(), HasSubstr("--launch-key"));
}

TEST_F(SpawnerTrust, EnforcesMemoryLimitsWhereItSaysSo) {
  extra_ = {"--cgroups", "all"};
  StartSpawner();
  agent_ = Connect();
  if (agent_->hello().memory_limits().starts_with("none")) {
    GTEST_SKIP() << "no memory limits here: " << agent_->hello().memory_limits();
  }
  v1::Launch hungry = Shell(1, "a=x; while :; do a=$a$a; done");
  hungry.set_mem_bytes(32 << 20);
  agent_->Start(hungry);
  const wire::Ended ended = agent_->AwaitEnded(1);
  EXPECT_EQ(ended.kind(), wire::OUT_OF_MEMORY) << ended.ShortDebugString();
  EXPECT_THAT(ended.reason(), HasSubstr("memory limit of 33554432 bytes"));

  v1::Launch modest = Shell(2, "env -i setsid sleep 1000 & echo $! > pid; exit 0");
  agent_->Start(modest);
  EXPECT_EQ(agent_->AwaitEnded(2).kind(), wire::EXITED);
  EXPECT_FALSE(ProcessRuns(std::atol(Slurp(work_ + "/pid").c_str())))
      << "the control group knows all its members";
}

TEST_F(SpawnerTrust, RefusesProtocolsItDoesNotSpeak) {
  StartSpawner();
  const auto future = Client::Dial(state_ + "/spawner.sock");
  future->Hello(9, 7);
  const auto answer = future->Next();
  ASSERT_TRUE(answer && answer->has_refusal());
  EXPECT_THAT(answer->refusal().reason(), HasSubstr("protocol 7 to 9, this spawner 1 to 1"));
  EXPECT_FALSE(future->Next().has_value()) << "and closes";

  const auto newer = Client::Dial(state_ + "/spawner.sock");
  newer->Hello(9, 1);
  const auto hello = newer->Next();
  ASSERT_TRUE(hello && hello->has_hello());
  EXPECT_EQ(hello->hello().protocol(), 1) << "the one both speak";
}

TEST_F(SpawnerTrust, SurvivesNonsense) {
  extra_ = {"--max-frame-bytes", "100000"};
  StartSpawner();
  const auto big = Client::Dial(state_ + "/spawner.sock");
  big->SendRaw("\xff\xff\xff\xff");
  const auto answer = big->Next();
  ASSERT_TRUE(answer && answer->has_refusal());
  EXPECT_THAT(answer->refusal().reason(), HasSubstr("--max-frame-bytes"));

  const auto garbled = Client::Dial(state_ + "/spawner.sock");
  garbled->SendRaw(std::string("\x03\0\0\0\xff\xff\xff", 7));
  EXPECT_THAT(garbled->Next()->refusal().reason(), HasSubstr("cannot be decoded"));

  const auto rude = Client::Dial(state_ + "/spawner.sock");
  rude->Start(Shell(1, "exit 0"));
  EXPECT_THAT(rude->Next()->refusal().reason(), HasSubstr("first frame must be AgentHello"));
  EXPECT_NE(Connect(), nullptr) << "it still serves";
}

TEST_F(SpawnerTrust, TheSocketIsForItsUserAlone) {
  StartSpawner();
  struct stat info {};
  ASSERT_EQ(stat((state_ + "/spawner.sock").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  if (geteuid() != 0) return;
  const pid_t other = fork();
  if (other == 0) {  // even if a mistake opened it to all
    chmod((state_ + "/spawner.sock").c_str(), 0777);
    if (setuid(kNobody) != 0) _exit(2);
    const auto client = Client::Dial(state_ + "/spawner.sock");
    if (!client) _exit(0);
    client->Hello(1, 1);
    _exit(client->Next() ? 1 : 0);
  }
  int status = 0;
  waitpid(other, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0) << "a stranger was answered";
}

TEST_F(SpawnerTrust, SaysWhyItDoesNotStart) {
  auto arguments = Arguments();
  EXPECT_THAT(RunRefused({arguments[0]}), HasSubstr("--state is missing"));
  EXPECT_THAT(RunRefused({arguments[0], "--sate", "x"}), HasSubstr("--sate"));
  arguments.insert(arguments.end(), {"--launch-key", dir_ + "/none"});
  EXPECT_THAT(RunRefused(arguments), HasSubstr("cannot read launch key"));

  const std::string open_key = dir_ + "/open.key";
  Spill(open_key, std::string(64, 'k'));
  chmod(open_key.c_str(), 0644);
  arguments.back() = open_key;
  EXPECT_THAT(RunRefused(arguments), HasSubstr("chmod 600"));

  Spill(dir_ + "/file", "");
  EXPECT_THAT(RunRefused({arguments[0], "--state", dir_ + "/file"}), HasSubstr("cannot create directory"));
  EXPECT_THAT(RunRefused({arguments[0], "--state", state_, "--sync", "maybe"}),
              HasSubstr("expected all, ends or none"));
}

TEST_F(SpawnerTrust, WorksInADirectoryWithALongName) {
  const std::string longer(120, 'd');
  std::filesystem::create_directory(dir_ + "/" + longer);
  state_ = dir_ + "/" + longer + "/state";
  StartSpawner();
  const std::string shorter = dir_ + "/short";
  std::filesystem::create_directory_symlink(state_, shorter);
  EXPECT_NE(Client::Connect(shorter + "/spawner.sock"), nullptr);
}

}  // namespace
}  // namespace bsub::spawner_test
