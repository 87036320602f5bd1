// A call over a socket whose other end does what the test wants.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "cli/quick/socket_call.h"
#include "tests/unit/cli/http2_frames.h"

namespace bsub::cli::quick {
namespace {

using Clock = std::chrono::steady_clock;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kPatience{60};  // a safety net
constexpr const char* kNobody = "/nonexistent/socket";

void Say(int fd, const std::string& bytes) {
  ASSERT_EQ(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
}

// Shows itself, and waits until it has the whole request.
void TakeRequest(int fd, const std::string& message) {
  timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  Say(fd, Frame(kSettings, 0, 0, ""));
  const std::string last = Frame(kData, kEndStream, 1, Message(message));
  std::array<char, 4096> buffer{};
  for (std::string received; !received.ends_with(last);) {
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    ASSERT_GT(got, 0) << "no request";
    received.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

// The answer to a call, of which `serve` gets the other end and then closes it.
Answer Called(const std::function<void(int)>& serve, Clock::duration patience = kPatience) {
  std::array<int, 2> ends{};
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  std::thread server([&serve, end = UniqueFd(ends[1])] { serve(end.get()); });
  Answer answer = CallSocket(kNobody, UniqueFd(ends[0]), {"/p.S/M", {}, "hello"}, Clock::now() + patience);
  server.join();
  return answer;
}

TEST(SocketCall, BringsTheAnswer) {
  const Answer answer = Called([](int fd) {
    TakeRequest(fd, "hello");
    Say(fd, GoodAnswer("the answer"));
  });
  ASSERT_TRUE(answer.end) << answer.end.error().message;
  EXPECT_EQ(answer.message, "the answer");
  EXPECT_TRUE(answer.sent);
}

TEST(SocketCall, AConnectionThatClosesWithinTheAnswerBroke) {
  const Answer answer = Called([](int fd) {
    TakeRequest(fd, "hello");
    Say(fd, AnswerHeaders() + Frame(kData, 0, 1, Message("the answer")));
  });
  ASSERT_FALSE(answer.end);
  EXPECT_EQ(answer.end.error().code, Code::kUnavailable);
  EXPECT_THAT(answer.end.error().message, HasSubstr("the connection broke"));
  EXPECT_TRUE(answer.sent) << "it may have been obeyed";
}

TEST(SocketCall, AConnectionOnWhichNobodySpeaksIsTooLate) {
  const auto listen = [](int fd) {
    std::array<char, 4096> buffer{};
    while (recv(fd, buffer.data(), buffer.size(), 0) > 0) {
    }
  };
  const Answer answer = Called(listen, std::chrono::milliseconds(50));
  ASSERT_FALSE(answer.end);
  EXPECT_EQ(answer.end.error().code, Code::kDeadlineExceeded);
  EXPECT_FALSE(answer.sent);
}

TEST(SocketCall, NobodyThereIsTooLate) {
  const Answer answer = CallSocket(kNobody, UniqueFd(), {"/p.S/M", {}, "hello"}, Clock::now());
  ASSERT_FALSE(answer.end);
  EXPECT_EQ(answer.end.error().code, Code::kDeadlineExceeded);
  EXPECT_FALSE(answer.sent);
}

}  // namespace
}  // namespace bsub::cli::quick
