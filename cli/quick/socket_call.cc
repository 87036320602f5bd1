#include "cli/quick/socket_call.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include "cli/address.h"
#include "cli/supervisor/unique_fd.h"

namespace bsub::cli::quick {
namespace {

using Clock = std::chrono::steady_clock;

// A restarted scheduler is back within a second or two; connecting is cheap.
constexpr std::chrono::milliseconds kPause{50};
constexpr std::string_view kScheme = "unix:";

// In gRPC's words ("PROTOCOL-HTTP2", Timeout): at most eight digits.
std::string TimeoutText(Clock::duration left) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  constexpr std::int64_t kMost = 99'999'999;
  return std::to_string(std::clamp<std::int64_t>(ms, 1, kMost)) + "m";
}

Error TooLate() { return {Code::kDeadlineExceeded, "the scheduler did not answer in time"}; }

Error Broke(int error) {
  return Unavailable(std::string("the connection broke: ") + (error == 0 ? "closed" : std::strerror(error)));
}

Status WaitFor(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return TooLate();
    pollfd waited{.fd = fd, .events = events, .revents = 0};
    if (poll(&waited, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000))) > 0)
      return OkStatus();
  }
}

Status SendAll(int fd, std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    const ssize_t put = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN) {
      BSUB_RETURN_IF_ERROR(WaitFor(fd, POLLOUT, deadline));
    } else if (errno != EINTR) {
      return Broke(errno);
    }
  }
  return OkStatus();
}

// At least one byte, or the error.
Result<std::string_view> Receive(int fd, std::array<char, 16384>& buffer, Clock::time_point deadline) {
  for (;;) {
    BSUB_RETURN_IF_ERROR(WaitFor(fd, POLLIN, deadline));
    const ssize_t got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return Broke(got < 0 ? errno : 0);
    return std::string_view(buffer.data(), static_cast<std::size_t>(got));
  }
}

Status Run(int fd, Exchange& exchange, Clock::time_point deadline) {
  std::array<char, 16384> buffer;
  for (;;) {
    BSUB_RETURN_IF_ERROR(SendAll(fd, exchange.TakeOutgoing(), deadline));
    if (exchange.end()) return *exchange.end();
    BSUB_ASSIGN_OR_RETURN(const std::string_view bytes, Receive(fd, buffer, deadline));
    BSUB_RETURN_IF_ERROR(exchange.Take(bytes));
  }
}

}  // namespace

UniqueFd ConnectTo(const std::string& socket_path) {
  const auto target = UnixTarget(socket_path);
  if (!target) return UniqueFd();
  const std::string_view path = std::string_view(*target).substr(kScheme.size());
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof(name.sun_path) - 1);
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) fd.Reset();
  return fd;
}

Answer CallSocket(const std::string& socket_path, UniqueFd connection, const Call& call,
                  std::chrono::steady_clock::time_point deadline) {
  for (UniqueFd fd = std::move(connection);; fd.Reset()) {
    if (!fd.valid()) fd = ConnectTo(socket_path);
    if (fd.valid()) {
      Call timed = call;  // the scheduler must not go on when nobody waits any more
      timed.headers.push_back({"grpc-timeout", TimeoutText(deadline - Clock::now())});
      Exchange exchange(std::move(timed));
      const Status end = Run(fd.get(), exchange, deadline);
      // Without a sign of the other side the request was not sent: it is tried again, as if there had been no
      // connection.
      if (end || exchange.sent() || end.error().code == Code::kDeadlineExceeded)
        return {end, exchange.message(), exchange.sent()};
    }
    if (Clock::now() + kPause >= deadline) return {TooLate(), "", false};
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace bsub::cli::quick
