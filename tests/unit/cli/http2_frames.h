// What a gRPC server says, as bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/quick/exchange.h"

namespace bsub::cli::quick {

enum FrameType : std::uint8_t {
  kData = 0,
  kHeaders = 1,
  kReset = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
};
enum FrameFlag : std::uint8_t { kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8, kPriority = 0x20 };

inline std::string BigEndian(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return out;
}

inline std::string Frame(FrameType type, int flags, std::uint32_t stream, const std::string& body) {
  return BigEndian(body.size(), 3) + BigEndian(type, 1) + BigEndian(static_cast<unsigned>(flags), 1) +
         BigEndian(stream, 4) + body;
}

// As gRPC's server writes headers: as they are, into no table. Names and values of at most 126 bytes.
inline std::string Block(const std::vector<Header>& headers) {
  std::string block;
  for (const Header& header : headers) {
    block.push_back(0);
    for (const std::string& text : {header.name, header.value}) block += BigEndian(text.size(), 1) + text;
  }
  return block;
}

// With gRPC's prefix.
inline std::string Message(const std::string& text) { return BigEndian(text.size(), 5) + text; }

inline std::string AnswerHeaders() { return Frame(kHeaders, kEndHeaders, 1, "\x88"); }  // :status 200
inline std::string Trailers(const std::vector<Header>& headers) {
  return Frame(kHeaders, kEndHeaders | kEndStream, 1, Block(headers));
}
inline std::string GoodAnswer(const std::string& text) {
  return AnswerHeaders() + Frame(kData, 0, 1, Message(text)) + Trailers({{"grpc-status", "0"}});
}

}  // namespace bsub::cli::quick
