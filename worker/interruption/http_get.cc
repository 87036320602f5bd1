#include "worker/interruption/http_get.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

#include "jobs/text.h"
#include "jobs/units.h"
#include "worker/launch/unique_fd.h"

namespace bsub::worker {
namespace {

constexpr std::size_t kMostAnswerBytes = 64 << 10;

std::int64_t MonotonicUs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000;
}

// False when the time is over.
bool WaitFor(int fd, short events, std::int64_t until_us) {
  const std::int64_t left_ms = (until_us - MonotonicUs() + 999) / 1000;
  pollfd entry{fd, events, 0};
  return left_ms > 0 && poll(&entry, 1, static_cast<int>(left_ms)) > 0;
}

Error NoAnswer(const HttpRequest& request, const std::string& why) {
  return Unavailable("no answer from http://" + request.host + ":" + std::to_string(request.port) +
                     request.path + ": " + why);
}

Result<UniqueFd> ConnectTo(const HttpRequest& request, std::int64_t until_us) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int failed =
          getaddrinfo(request.host.c_str(), std::to_string(request.port).c_str(), &wanted, &found))
    return NoAnswer(request, gai_strerror(failed));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  UniqueFd fd(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return NoAnswer(request, std::strerror(errno));
  if (connect(fd.get(), found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS)
    return NoAnswer(request, std::strerror(errno));
  if (!WaitFor(fd.get(), POLLOUT, until_us)) return NoAnswer(request, "no connection in time");
  int failed = 0;
  socklen_t size = sizeof failed;
  getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &failed, &size);
  if (failed != 0) return NoAnswer(request, std::strerror(failed));
  return fd;
}

std::string TextOf(const HttpRequest& request) {
  std::string text = request.method + " " + request.path + " HTTP/1.1\r\nHost: " + request.host +
                     "\r\nConnection: close\r\nContent-Length: 0\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  return text + "\r\n";
}

// A header's value, by its name in lower case; empty: there is none.
std::string_view HeaderOf(std::string_view head, std::string_view name) {
  for (std::size_t line = head.find("\r\n"); line != std::string_view::npos;
       line = head.find("\r\n", line + 2)) {
    const std::string_view text = head.substr(line + 2, head.find("\r\n", line + 2) - line - 2);
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && ToLower(text.substr(0, colon)) == name)
      return Trim(text.substr(colon + 1));
  }
  return {};
}

// Whether all of the answer is there: by its length, if it tells it; else only the end of the stream says so.
bool IsWhole(const std::string& bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const auto length = ParseInteger(HeaderOf(std::string_view(bytes).substr(0, end), "content-length"), 0,
                                   static_cast<std::int64_t>(kMostAnswerBytes));
  return length && bytes.size() >= end + 4 + static_cast<std::size_t>(*length);
}

}  // namespace

Result<HttpAddress> ParseHttpAddress(const std::string& text) {
  constexpr std::string_view kScheme = "http://";
  HttpAddress address;
  std::string_view rest = text;
  if (rest.starts_with(kScheme)) rest.remove_prefix(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t colon = rest.rfind(':');
  if (colon != std::string_view::npos) {
    const auto port = ParseInteger(rest.substr(colon + 1), 1, 65535);
    if (!port) rest = {};
    address.port = port ? static_cast<std::uint16_t>(*port) : 0;
    rest = rest.substr(0, colon);
  }
  address.host = rest;
  const bool good =
      text.starts_with(kScheme) && !rest.empty() && rest.find_first_of("/@ ") == std::string_view::npos;
  if (good) return address;
  return InvalidArgument(Quoted(text) + ": expected an address such as http://169.254.169.254");
}

Result<HttpAnswer> ParseHttpAnswer(const std::string& bytes) {
  const std::size_t head = bytes.find("\r\n\r\n");
  const bool is_http = bytes.starts_with("HTTP/1.") && head != std::string::npos && bytes.size() > 12;
  const auto status = is_http ? ParseInteger(std::string_view(bytes).substr(9, 3), 100, 599)
                              : Result<std::int64_t>(Unavailable("no HTTP"));
  if (!status) return Unavailable("what came is no answer of an HTTP server");
  HttpAnswer answer{static_cast<int>(*status), bytes.substr(head + 4)};
  const auto length = ParseInteger(HeaderOf(std::string_view(bytes).substr(0, head), "content-length"), 0,
                                   static_cast<std::int64_t>(kMostAnswerBytes));
  if (length && answer.body.size() < static_cast<std::size_t>(*length))
    return Unavailable("the answer broke off");
  if (length) answer.body.resize(static_cast<std::size_t>(*length));
  return answer;
}

Result<HttpAnswer> AskHttp(const HttpRequest& request) {
  const std::int64_t until_us = MonotonicUs() + request.timeout.count();
  BSUB_ASSIGN_OR_RETURN(const UniqueFd fd, ConnectTo(request, until_us));
  const std::string text = TextOf(request);
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t put = send(fd.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (put > 0) sent += static_cast<std::size_t>(put);
    if (put <= 0 && !WaitFor(fd.get(), POLLOUT, until_us)) return NoAnswer(request, "it does not read");
  }
  std::string answer;
  std::array<char, 4096> chunk;
  while (!IsWhole(answer) && answer.size() < kMostAnswerBytes) {
    if (!WaitFor(fd.get(), POLLIN, until_us)) return NoAnswer(request, "not in time");
    const ssize_t got = recv(fd.get(), chunk.data(), chunk.size(), 0);
    if (got == 0) break;
    if (got > 0) answer.append(chunk.data(), static_cast<std::size_t>(got));
    if (got < 0 && errno != EAGAIN && errno != EINTR) return NoAnswer(request, std::strerror(errno));
  }
  auto parsed = ParseHttpAnswer(answer);
  if (!parsed) return NoAnswer(request, parsed.error().message);
  return parsed;
}

}  // namespace bsub::worker
