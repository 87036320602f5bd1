// One gRPC request and its answer on a fresh HTTP/2 connection, as bytes in and bytes out. libnghttp2 speaks
// HTTP/2; here is what gRPC puts on top of it.
//
// The peer may send as much as it likes, so that no answer waits for a window. The request goes out only when
// the peer has shown that it serves the connection: until then it cannot have been obeyed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

struct nghttp2_session;

namespace bsub::cli::quick {

// What fits into the window that every server opens with. Beside what is longer, gRPC's start is little.
inline constexpr std::size_t kMostRequestBytes = 60'000;

struct Header {
  std::string name;  // in lower case
  std::string value;
};

struct Call {
  std::string path;  // "/package.Service/Method"
  std::vector<Header> headers;
  std::string message;  // at most kMostRequestBytes
};

class Exchange {
 public:
  explicit Exchange(Call call);
  Exchange(const Exchange&) = delete;  // the session knows its address
  Exchange& operator=(const Exchange&) = delete;

  // What is to be sent now; empty: nothing.
  std::string TakeOutgoing();
  // What was received. An error: the connection is of no use any more.
  Status Take(std::string_view bytes);

  // The peer answered the connection, and the request is on its way.
  bool sent() const { return sent_; }
  // How the call ended, once it did.
  const std::optional<Status>& end() const { return end_; }
  // The answer's message, if it ended well.
  const std::string& message() const { return message_; }

 private:
  struct Callbacks;  // what the session calls
  struct DeleteSession {
    void operator()(nghttp2_session* session) const;
  };

  void OpenSession();
  void Request();
  void GatherOutgoing();
  void TakeHeader(std::string_view name, std::string_view value);
  void TakeData(std::string_view bytes);
  void Conclude();

  const Call call_;
  std::unique_ptr<nghttp2_session, DeleteSession> session_;
  std::string outgoing_;
  std::string request_;            // with gRPC's prefix; empty: not asked yet
  std::size_t request_taken_ = 0;  // of its bytes, by the session
  bool sent_ = false;
  std::string data_;  // of the answer, with gRPC's prefix
  std::string http_status_;
  std::string grpc_status_;
  std::string grpc_message_;
  std::string message_;
  std::optional<Status> end_;
};

}  // namespace bsub::cli::quick
