// One small HTTP/1.1 request to a server nearby, as a metadata service is: no encryption, no redirects, no
// connection kept.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "common/time.h"

namespace bsub::worker {

struct HttpRequest {
  std::string host;  // address or name
  std::uint16_t port = 80;
  std::string method = "GET";
  std::string path;
  std::vector<std::pair<std::string, std::string>> headers{};
  Duration timeout = std::chrono::seconds(2);  // for all of it
};
struct HttpAnswer {
  int status = 0;
  std::string body;
};

// Unavailable if there is no answer in time, or none that is HTTP. Any status is an answer.
Result<HttpAnswer> AskHttp(const HttpRequest& request);

// The parts of an answer; for tests and for the fuzzer.
Result<HttpAnswer> ParseHttpAnswer(const std::string& bytes);

struct HttpAddress {
  std::string host;
  std::uint16_t port = 80;
};
// "http://169.254.169.254", "http://127.0.0.1:8099".
Result<HttpAddress> ParseHttpAddress(const std::string& text);

}  // namespace bsub::worker
