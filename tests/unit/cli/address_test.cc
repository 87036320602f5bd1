#include "cli/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <sstream>

#include "tests/unit/cli/temporary_directory.h"

namespace bsub::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Result<Address> Find(std::vector<std::string> environment) {
  std::istringstream in;
  std::ostringstream out;
  return FindAddress(Context{.in = in,
                             .out = out,
                             .err = out,
                             .terminal = {},
                             .environment = std::move(environment),
                             .commands = nullptr});
}

TEST(AddressOf, TheHomeOfTheUserIsTheDefault) {
  const auto address = Find({"HOME=/home/ada"});
  ASSERT_TRUE(address);
  EXPECT_TRUE(address->local);
  EXPECT_EQ(address->socket_path, "/home/ada/.bsub-lite/run/scheduler.sock");
}

TEST(AddressOf, BsubLiteHomeIsMadeAbsolute) {
  const auto address = Find({"HOME=/home/ada", "BSUB_LITE_HOME=x/../cluster/"});
  ASSERT_TRUE(address);
  EXPECT_EQ(address->home, std::filesystem::current_path().string() + "/cluster");
}

TEST(AddressOf, AServerNeedsATokenThatOthersCannotRead) {
  const TemporaryDirectory directory;
  const std::string token = directory.Write("token", "secret\n");
  chmod(token.c_str(), 0644);
  auto address = Find({"BSUB_LITE_SERVER=head:7077", "BSUB_LITE_TOKEN_FILE=" + token});
  ASSERT_FALSE(address);
  EXPECT_THAT(address.error().message, HasSubstr("chmod 600 " + token));
  chmod(token.c_str(), 0600);
  address = Find({"BSUB_LITE_SERVER=head:7077", "BSUB_LITE_TOKEN_FILE=" + token});
  ASSERT_TRUE(address);
  EXPECT_EQ(address->token, "secret");
  EXPECT_FALSE(address->local);
  EXPECT_THAT(Find({"BSUB_LITE_SERVER=head:7077"}).error().message, HasSubstr("BSUB_LITE_TOKEN_FILE is not"));
  EXPECT_THAT(Find({"BSUB_LITE_SERVER=head", "BSUB_LITE_TOKEN_FILE=" + token}).error().message,
              HasSubstr("host:port"));
}

TEST(AddressOf, AHomeHoldsAClusterWhenThereIsMoreThanALock) {
  const TemporaryDirectory directory;
  EXPECT_FALSE(HoldsCluster(directory.path() + "/none"));
  EXPECT_FALSE(HoldsCluster(directory.path()));
  directory.Write("up.lock", "");
  EXPECT_FALSE(HoldsCluster(directory.path()));
  directory.Write("journal/x", "");
  EXPECT_TRUE(HoldsCluster(directory.path()));
}

TEST(AddressOf, LongAndOddSocketPathsGoThroughTheirDirectory) {
  EXPECT_EQ(UnixTarget("/run/a.sock").value(), "unix:/run/a.sock");
  const TemporaryDirectory directory;
  for (const std::string& folder : {std::string(150, 'x'), std::string("with blank % and #")}) {
    std::filesystem::create_directories(directory.path() + "/" + folder);
    const auto target = UnixTarget(directory.path() + "/" + folder + "/scheduler.sock");
    ASSERT_TRUE(target) << target.error().message;
    EXPECT_THAT(*target, StartsWith("unix:/proc/self/fd/"));
    EXPECT_LT(target->size(), 60U);
  }
  EXPECT_EQ(UnixTarget("/nonexistent/" + std::string(200, 'x') + "/s").error().code, Code::kUnavailable);
}

}  // namespace
}  // namespace bsub::cli
