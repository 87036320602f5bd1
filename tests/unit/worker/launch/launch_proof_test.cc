#include "worker/launch/launch_proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "common/hash.h"

namespace bsub::worker {
namespace {

using ::testing::HasSubstr;

std::string Hex(const std::string& bytes) {
  return ToHex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

TEST(LaunchProof, IsHmacSha256OfPurposeAndLaunch) {
  // printf 'bsub-launch-1:launch' | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
  const auto key = LaunchKey::FromText(std::string(32, 'k') + "\n");
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(Hex(key->Sign("launch")), "dfb84f24a604c7ecb027dea94f2dd084248a8dcc3af9f874239c786d4f8ce081");
}

TEST(LaunchProof, FailsForAnyOtherLaunchKeyOrProof) {
  const auto key = LaunchKey::FromText(std::string(32, 'k'));
  const auto other = LaunchKey::FromText(std::string(31, 'k') + "j");
  const std::string launch = "some launch";
  const std::string proof = key->Sign(launch);
  EXPECT_TRUE(key->Verify(launch, proof));
  EXPECT_FALSE(other->Verify(launch, proof));
  EXPECT_FALSE(key->Verify(launch, ""));
  EXPECT_FALSE(key->Verify(launch, proof.substr(0, 31)));
  EXPECT_FALSE(key->Verify(launch, proof + "x"));
  for (std::size_t bit = 0; bit < proof.size() * 8; ++bit) {
    std::string wrong = proof;
    wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(key->Verify(launch, wrong)) << bit;
  }
  for (std::size_t i = 0; i < launch.size(); ++i) {
    std::string changed = launch;
    changed[i] ^= 1;
    EXPECT_FALSE(key->Verify(changed, proof)) << i;
  }
}

class LaunchKeyFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "key-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
    path_ = dir_ + "/key";
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  std::string dir_;
  std::string path_;
};

TEST_F(LaunchKeyFile, IsMadeForItsOwnerAloneAndOnlyOnce) {
  ASSERT_TRUE(LaunchKey::Create(path_).has_value());
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const auto key = LaunchKey::Load(path_);
  ASSERT_TRUE(key.has_value()) << key.error().message;
  EXPECT_TRUE(LaunchKey::Load(path_)->Verify("x", key->Sign("x")));
  EXPECT_EQ(LaunchKey::Create(path_).error().code, Code::kAlreadyExists);
}

TEST_F(LaunchKeyFile, IsRefusedWhenOthersMayReadItOrItIsNoKey) {
  ASSERT_TRUE(LaunchKey::Create(path_).has_value());
  chmod(path_.c_str(), 0640);
  EXPECT_THAT(LaunchKey::Load(path_).error().message, HasSubstr("chmod 600"));
  EXPECT_THAT(LaunchKey::Load(dir_ + "/none").error().message, HasSubstr("No such file"));
  EXPECT_THAT(LaunchKey::Load(dir_).error().message, HasSubstr("not a regular file"));
  std::ofstream(dir_ + "/short") << "abc";
  chmod((dir_ + "/short").c_str(), 0600);
  EXPECT_THAT(LaunchKey::Load(dir_ + "/short").error().message,
              HasSubstr("3 characters, expected at least 32"));
  if (geteuid() == 0) {
    chmod(path_.c_str(), 0600);
    ASSERT_EQ(chown(path_.c_str(), 65534, 65534), 0);
    EXPECT_THAT(LaunchKey::Load(path_).error().message, HasSubstr("belongs to uid 65534"));
  }
}

}  // namespace
}  // namespace bsub::worker
