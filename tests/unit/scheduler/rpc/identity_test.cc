// Who may connect: tokens, node tokens, protocols.
#include "scheduler/rpc/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "scheduler/rpc/protocol.h"
#include "scheduler/rpc/tcp_listener.h"
#include "scheduler/rpc/tokens.h"

namespace bsub::rpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kSecret(32, 's');
const std::string kOther(32, 'o');

TEST(TokenTable, KnowsWhoseSecretItIs) {
  const auto table = TokenTable::Parse(
      "# people\nada " + kSecret + " user 1000:100\n\nnodes " + kOther + " node # all\n", 77);
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_NE(table->Find(kSecret), nullptr);
  EXPECT_EQ(table->Find(kSecret)->principal.uid, 1000u);
  EXPECT_EQ(table->Find(kSecret)->principal.gid, 100u);
  EXPECT_EQ(table->Find(kSecret)->principal.name, "ada");
  EXPECT_FALSE(table->Find(kSecret)->node_only);
  EXPECT_TRUE(table->Find(kOther)->node_only);
  EXPECT_EQ(table->Find(kSecret.substr(1)), nullptr);
  EXPECT_EQ(table->Find(""), nullptr);
}

TEST(TokenTable, AdministratorsActAsTheClustersUser) {
  const auto table = TokenTable::Parse("ops " + kSecret + " admin", 77);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->Find(kSecret)->principal.uid, 77u);
}

TEST(TokenTable, RefusesLinesItCannotTrust) {
  const auto error = [](const std::string& text) {
    const auto table = TokenTable::Parse(text, 0);
    return table ? std::string("accepted") : table.error().message;
  };
  EXPECT_THAT(error(""), HasSubstr("no token in it"));
  EXPECT_THAT(error("\nada short user 1"), HasSubstr("line 2: the secret of ada has 5 characters"));
  EXPECT_THAT(error("ada " + kSecret + " king"), HasSubstr("line 1: expected NAME SECRET"));
  EXPECT_THAT(error("ada " + kSecret + " user x"), HasSubstr("line 1: uid"));
  EXPECT_THAT(error("ada " + kSecret + " user 5:x"), HasSubstr("line 1: gid"));
  EXPECT_THAT(error("a " + kSecret + " admin\nb " + kSecret + " node"),
              HasSubstr("line 2: the secret of b is another"));
}

// People leave; their token must not keep everybody else from a scheduler that starts.
TEST(TokenTable, AUserWhoIsGoneIsLetInNoMore) {
  const auto table =
      TokenTable::Parse("\nbob " + kSecret + " user 4294960000\nada " + kOther + " user 1000:100\n", 77);
  ASSERT_TRUE(table) << table.error().message;
  EXPECT_EQ(table->Find(kSecret), nullptr);
  ASSERT_NE(table->Find(kOther), nullptr);
  EXPECT_THAT(table->warnings(),
              ElementsAre(HasSubstr("line 2: uid 4294960000 is not in this machine's user database")));
  EXPECT_THAT(table->warnings()[0], HasSubstr("the token of bob lets nobody in; remove the line"));
  EXPECT_TRUE(TokenTable::Parse("bob " + kSecret + " user 4294960000", 77)) << "though it is the only one";
  const auto twice = TokenTable::Parse("bob " + kSecret + " user 4294960000\nada " + kSecret + " admin", 77);
  ASSERT_FALSE(twice) << "his secret is known to him";
  EXPECT_THAT(twice.error().message, HasSubstr("line 2: the secret of ada is another"));
}

TEST(TokenTable, FileMustBePrivate) {
  std::string pattern = (std::filesystem::temp_directory_path() / "bsub-tokens-XXXXXX").string();
  const std::string directory = mkdtemp(pattern.data());
  const std::string path = directory + "/tokens";
  std::ofstream(path) << "ops " << kSecret << " admin\n";
  chmod(path.c_str(), 0644);
  const auto open = TokenTable::Load(path, 0);
  ASSERT_FALSE(open);
  EXPECT_THAT(open.error().message, HasSubstr("chmod 600"));
  chmod(path.c_str(), 0600);
  EXPECT_TRUE(TokenTable::Load(path, 0));
  EXPECT_FALSE(TokenTable::Load(directory + "/none", 0));
  std::filesystem::remove_all(directory);
}

TEST(AuthorizeIdentity, NodeTokenMayRunANodeAndNothingElse) {
  const Identity node{Principal{.uid = 0, .gid = 0, .groups = {}, .name = "nodes"}, true};
  AuthorityPolicy policy;
  for (int i = 0; i < kVerbCount; ++i) {
    const auto verb = static_cast<Verb>(i);
    EXPECT_EQ(AuthorizeIdentity(policy, node, verb, nullptr, "x").has_value(), verb == Verb::kRunNode) << i;
  }
}

TEST(AuthorizeIdentity, OrdinaryUsersMayNotRunNodes) {
  AuthorityPolicy policy;
  policy.cluster_uid = 5;
  const Identity user{Principal{.uid = 1000, .gid = 1, .groups = {}, .name = "ada"}, false};
  const Identity owner{Principal{.uid = 5, .gid = 1, .groups = {}, .name = "bsub"}, false};
  EXPECT_FALSE(AuthorizeIdentity(policy, user, Verb::kRunNode, nullptr, "this cluster"));
  EXPECT_TRUE(AuthorizeIdentity(policy, owner, Verb::kRunNode, nullptr, "this cluster"));
  EXPECT_TRUE(AuthorizeIdentity(policy, user, Verb::kSubmit, nullptr, "this cluster"));
}

TEST(LocalPrincipal, NamesUsersTheMachineKnows) {
  EXPECT_EQ(LocalPrincipal(0, 0, {3, 1}).name, "root");
  EXPECT_EQ(LocalPrincipal(0, 0, {3, 1}).groups, (std::vector<std::uint32_t>{1, 3}));
  EXPECT_EQ(LocalPrincipal(4'000'000'000, 0, {}).name, "uid 4000000000");
}

TEST(Protocol, MismatchNamesBothNumbersAndWhatToUpgrade) {
  EXPECT_TRUE(CheckClientProtocol(kClientProtocol));
  EXPECT_THAT(CheckClientProtocol(99).error().message,
              HasSubstr("this client speaks protocol 99 and the scheduler 1; upgrade the scheduler"));
  EXPECT_THAT(CheckClientProtocol(0).error().message, HasSubstr("upgrade the client"));
  EXPECT_EQ(*NegotiateNodeProtocol(1, 1), 1);
  EXPECT_EQ(*NegotiateNodeProtocol(1, 5), kNodeProtocol);
  EXPECT_THAT(NegotiateNodeProtocol(3, 5).error().message,
              HasSubstr("this agent speaks protocol 3 to 5 and the scheduler 1 to 2; upgrade the scheduler"));
  EXPECT_THAT(NegotiateNodeProtocol(0, 0).error().message, HasSubstr("upgrade the agent"));
}

TEST(ParseHostPort, SplitsAtTheLastColon) {
  EXPECT_EQ(ParseHostPort("127.0.0.1:0")->port, 0);
  EXPECT_EQ(ParseHostPort("[::1]:7077")->host, "::1");
  EXPECT_FALSE(ParseHostPort("localhost"));
  EXPECT_FALSE(ParseHostPort(":70"));
  EXPECT_FALSE(ParseHostPort("h:70000"));
}

}  // namespace
}  // namespace bsub::rpc
