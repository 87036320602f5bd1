// One gRPC request and its answer on a fresh HTTP/2 connection (RFC 9113), as bytes in and bytes out.
//
// It allows the peer no header table and as much data as it likes, so that nothing has to be kept but what is
// being read. The request goes out only when the peer has shown that it serves the connection: until then it
// cannot have been obeyed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/quick/header_block.h"
#include "common/result.h"

namespace bsub::cli::quick {

// More may exceed what a server takes before it allows more.
inline constexpr std::size_t kMostRequestBytes = 60'000;

struct Call {
  std::string path;  // "/package.Service/Method"
  std::vector<Header> headers;
  std::string message;  // at most kMostRequestBytes
};

class Exchange {
 public:
  explicit Exchange(Call call) : call_(std::move(call)) { Open(); }

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
  struct Frame {
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;
    std::string_view body;
  };

  void Open();
  void SendRequest();
  Status TakeFrame(const Frame& frame);
  Status TakeData(const Frame& frame);
  Status TakeHeaders(const Frame& frame);
  Status TakeHeaderBlock();
  Status TakeReset(const Frame& frame);
  void Conclude();

  const Call call_;
  std::string outgoing_;
  std::string incoming_;  // not yet a whole frame
  bool sent_ = false;
  std::string data_;          // of the answer, with gRPC's prefix
  std::string header_block_;  // gathered until END_HEADERS
  bool last_headers_ = false;
  std::string http_status_;
  std::string grpc_status_;
  std::string grpc_message_;
  std::string message_;
  std::optional<Status> end_;
};

}  // namespace bsub::cli::quick
