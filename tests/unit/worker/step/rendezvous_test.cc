#include "worker/step/rendezvous.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <vector>

#include "worker/step/handshake.h"
#include "worker/step/step_server.h"

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

constexpr std::chrono::seconds kLongEnough(30);

// How the server takes the next that connects to `listener`.
Admission::Verdict Admit(const Gang& gang, int listener) {
  Admission admission(gang, UniqueFd(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)));
  auto verdict = Admission::Verdict::kOpen;
  while (verdict == Admission::Verdict::kOpen && WaitFor(admission.fd(), POLLIN, admission.patience()))
    verdict = admission.Hear();
  return verdict;
}

// Whether an agent is let in by its server.
bool Meet(const Gang& gang) {
  const Result<UniqueFd> listener = Listen(gang);
  EXPECT_TRUE(listener) << listener.error().message;
  auto verdict = Admission::Verdict::kOpen;
  std::thread server([&] { verdict = Admit(gang, listener->get()); });
  const Result<UniqueFd> connection = Connect(gang, 1, Patience::For(kLongEnough));
  server.join();
  EXPECT_EQ(connection.has_value(), verdict == Admission::Verdict::kAdmitted);
  return connection.has_value();
}

// A connection to a listener, without its secret.
UniqueFd Stranger(int listener, int flags = 0) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  EXPECT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
  UniqueFd stranger(socket(address.ss_family, SOCK_STREAM | flags, 0));
  const int connected = connect(stranger.get(), reinterpret_cast<const sockaddr*>(&address), size);
  EXPECT_TRUE(connected == 0 || errno == EINPROGRESS);
  return stranger;
}

TEST(Rendezvous, PartsOfAnAttemptFindEachOther) { EXPECT_TRUE(Meet(NodesAt("127.0.0.1"))); }

TEST(Rendezvous, AlsoOverTcp) {
  // Any address that is this machine's and not written as the loopback's.
  EXPECT_TRUE(Meet(NodesAt("localhost")));
}

TEST(Rendezvous, WhoDoesNotKnowTheSecretIsTurnedAway) {
  const Gang gang = NodesAt("localhost");
  const Result<UniqueFd> listener = Listen(gang);
  ASSERT_TRUE(listener);
  auto verdict = Admission::Verdict::kAdmitted;
  std::thread server([&] { verdict = Admit(gang, listener->get()); });
  const UniqueFd stranger = Stranger(listener->get());
  const std::string guess(64, 'x');
  EXPECT_EQ(send(stranger.get(), guess.data(), guess.size(), MSG_NOSIGNAL), 64);
  server.join();
  EXPECT_EQ(verdict, Admission::Verdict::kRefused);
}

// As many as are let wait, and more, before the one who knows the secret.
TEST(StepServer, StrangersWhoSayNothingKeepNobodyOut) {
  const Gang gang = NodesAt("127.0.0.1", 'd');
  const pid_t server = fork();
  if (server == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    _exit(RunStepServer(gang));
  }
  const Result<UniqueFd> first = Connect(gang, 1, Patience::For(kLongEnough));
  ASSERT_TRUE(first) << first.error().message;
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ASSERT_EQ(getpeername(first->get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::vector<UniqueFd> strangers;
  for (int i = 0; i < 200; ++i) {
    strangers.emplace_back(socket(address.ss_family, SOCK_STREAM, 0));
    ASSERT_EQ(connect(strangers.back().get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  }
  const Result<UniqueFd> second = Connect(gang, 1, Patience::For(kLongEnough));
  EXPECT_TRUE(second) << second.error().message;
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
}

TEST(Rendezvous, ThePlaceOfAnotherAttemptIsAnother) {
  const auto ours = PlacesOf(NodesAt("127.0.0.1", 'a'), 1);
  const auto theirs = PlacesOf(NodesAt("127.0.0.1", 'b'), 1);
  ASSERT_TRUE(ours && theirs);
  EXPECT_NE(ours->front().text, theirs->front().text);
  EXPECT_NE(ours->front().text, PlacesOf(NodesAt("127.0.0.1", 'a'), 0)->front().text);
}

TEST(Rendezvous, NobodyIsThere) {
  const auto connection = Connect(NodesAt("127.0.0.1", 'c'), 1, Patience::For(milliseconds(0)));
  ASSERT_FALSE(connection);
  EXPECT_THAT(connection.error().message, HasSubstr("node n2 (127.0.0.1) does not answer"));
}

// Listeners that take nobody: what comes is dropped, as by a firewall.
std::vector<UniqueFd> DropAllAt(const std::vector<Place>& places) {
  std::vector<UniqueFd> held;
  for (const Place& place : places) {
    UniqueFd listener(socket(place.address.ss_family, SOCK_STREAM, 0));
    const int on = 1;
    setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&place.address), place.size) != 0) continue;
    EXPECT_EQ(listen(listener.get(), 0), 0);
    for (int i = 0; i < 4; ++i) held.push_back(Stranger(listener.get(), SOCK_NONBLOCK));
    held.push_back(std::move(listener));
  }
  return held;
}

// The kernel itself would try for more than two minutes, at each of the ports.
TEST(Rendezvous, APatienceThatIsOverEndsAlsoAConnectThatNobodyAnswers) {
  const Gang gang = NodesAt("localhost", 'e');
  const auto held = DropAllAt(*PlacesOf(gang, 1));
  const auto connection = Connect(gang, 1, Patience::For(milliseconds(50)));
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, Code::kUnavailable);
  EXPECT_THAT(connection.error().message, HasSubstr("node n2 (localhost, TCP ports 20000 to 31999"));
  EXPECT_THAT(connection.error().message, HasSubstr("firewall"));
  EXPECT_THAT(connection.error().message, HasSubstr("timed out"));
}

TEST(Rendezvous, NobodyConnectsForOneWhoIsGone) {
  const Gang gang = NodesAt("localhost", 'f');
  const auto held = DropAllAt(*PlacesOf(gang, 1));
  int ends[2] = {-1, -1};
  ASSERT_EQ(pipe(ends), 0);
  const UniqueFd stop(ends[0]);
  close(ends[1]);
  const auto connection = Connect(gang, 1, Patience::For(std::chrono::hours(1), stop.get()));
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().code, Code::kAborted);
}

int OptionOf(int fd, int level, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(getsockopt(fd, level, option, &value, &size), 0);
  return value;
}

// TCP_USER_TIMEOUT would also end a connection on which a reader that is held up takes nothing.
TEST(Rendezvous, AConnectionIsWatchedWithoutALimitForWhatIsWithheld) {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM, 0));
  ASSERT_TRUE(fd.valid());
  WatchConnection(fd.get());
  EXPECT_EQ(OptionOf(fd.get(), SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(OptionOf(fd.get(), IPPROTO_TCP, TCP_KEEPIDLE), 30);
  EXPECT_EQ(OptionOf(fd.get(), IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
}

tcp_info InfoOf(std::uint32_t since_ack_ms, std::uint8_t repeats, std::uint8_t questions) {
  tcp_info info{};
  info.tcpi_last_ack_recv = since_ack_ms;
  info.tcpi_retransmits = repeats;
  info.tcpi_probes = questions;
  return info;
}

TEST(Rendezvous, APeerThatVanishedWithSomethingOnItsWayIsMissedAsSoonAsAnIdleOne) {
  EXPECT_TRUE(TellsOfVanished(InfoOf(90'000, 9, 0)));
  EXPECT_FALSE(TellsOfVanished(InfoOf(89'999, 9, 0)));
  EXPECT_FALSE(TellsOfVanished(InfoOf(90'000, 0, 0))) << "nothing is on its way: that is keepalive's";
}

// The kernel asks it every two minutes, at last: a question may be on its way.
TEST(Rendezvous, APeerThatTakesNothingIsThereAsLongAsItAnswers) {
  EXPECT_FALSE(TellsOfVanished(InfoOf(120'000, 0, 1)));
  EXPECT_TRUE(TellsOfVanished(InfoOf(300'000, 0, 3)));
}

TEST(Rendezvous, AConnectionThatIsThereHasNotVanished) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const UniqueFd one(ends[0]);
  const UniqueFd other(ends[1]);
  EXPECT_FALSE(HasVanished(one.get())) << "the kernel says nothing of it";
  const UniqueFd listener(socket(AF_INET, SOCK_STREAM, 0));
  ASSERT_EQ(listen(listener.get(), 1), 0);
  const UniqueFd stranger = Stranger(listener.get());
  ASSERT_TRUE(stranger.valid());
  EXPECT_FALSE(HasVanished(stranger.get()));
}

TEST(Rendezvous, AnAddressThatDoesNotResolveIsNamed) {
  const auto connection = Connect(NodesAt("no such host"), 1, Patience::For(milliseconds(0)));
  ASSERT_FALSE(connection);
  EXPECT_THAT(connection.error().message,
              HasSubstr("the address 'no such host' of node n2 does not resolve"));
}

}  // namespace
}  // namespace bsub::step
