#include "worker/step/rendezvous.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

namespace bsub::step {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

// A test of its own secret meets no other.
Gang NodesAt(const std::string& address, char secret = 'a') {
  Gang gang;
  gang.nodes = {{"n1", address}, {"n2", address}};
  gang.index = 1;
  gang.secret = std::string(48, secret) + std::to_string(getpid()) + std::string(16, '0');
  return gang;
}

// Whether an agent with `theirs` is let in by a server with `ours`.
bool Meet(const Gang& ours, const Gang& theirs) {
  const Result<UniqueFd> listener = Listen(ours);
  EXPECT_TRUE(listener) << listener.error().message;
  bool admitted = false;
  std::thread server([&] {
    const UniqueFd connection(accept(listener->get(), nullptr, nullptr));
    admitted = Admit(ours, connection.get());
  });
  const Result<UniqueFd> connection = Connect(theirs, 1, milliseconds(0));
  server.join();
  EXPECT_EQ(connection.has_value(), admitted);
  return admitted;
}

TEST(Rendezvous, PartsOfAnAttemptFindEachOther) {
  EXPECT_TRUE(Meet(NodesAt("127.0.0.1"), NodesAt("127.0.0.1")));
}

TEST(Rendezvous, AlsoOverTcp) {
  // Any address that is this machine's and not written as the loopback's.
  Gang gang = NodesAt("localhost");
  EXPECT_TRUE(Meet(gang, gang));
}

TEST(Rendezvous, WhoDoesNotKnowTheSecretIsTurnedAway) {
  const Gang gang = NodesAt("localhost");
  const Result<UniqueFd> listener = Listen(gang);
  ASSERT_TRUE(listener);
  bool admitted = true;
  std::thread server([&] {
    const UniqueFd connection(accept(listener->get(), nullptr, nullptr));
    admitted = Admit(gang, connection.get());
  });
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ASSERT_EQ(getsockname(listener->get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const UniqueFd stranger(socket(address.ss_family, SOCK_STREAM, 0));
  ASSERT_EQ(connect(stranger.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  const std::string guess(64, 'x');
  EXPECT_EQ(send(stranger.get(), guess.data(), guess.size(), MSG_NOSIGNAL), 64);
  server.join();
  EXPECT_FALSE(admitted);
}

TEST(Rendezvous, ThePlaceOfAnotherAttemptIsAnother) {
  const auto ours = PlacesOf(NodesAt("127.0.0.1", 'a'), 1);
  const auto theirs = PlacesOf(NodesAt("127.0.0.1", 'b'), 1);
  ASSERT_TRUE(ours && theirs);
  EXPECT_NE(ours->front().text, theirs->front().text);
  EXPECT_NE(ours->front().text, PlacesOf(NodesAt("127.0.0.1", 'a'), 0)->front().text);
}

TEST(Rendezvous, NobodyIsThere) {
  const auto connection = Connect(NodesAt("127.0.0.1", 'c'), 1, milliseconds(0));
  ASSERT_FALSE(connection);
  EXPECT_THAT(connection.error().message, HasSubstr("node n2 (127.0.0.1) does not answer"));
}

TEST(Rendezvous, AnAddressThatDoesNotResolveIsNamed) {
  const auto connection = Connect(NodesAt("no such host"), 1, milliseconds(0));
  ASSERT_FALSE(connection);
  EXPECT_THAT(connection.error().message,
              HasSubstr("the address 'no such host' of node n2 does not resolve"));
}

}  // namespace
}  // namespace bsub::step
