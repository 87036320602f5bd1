// Frames on the socket between agent and spawner: a 4-byte little-endian length, then one protobuf message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace bsub::worker {

inline constexpr std::size_t kFrameHeaderBytes = 4;

void AppendFrameHeader(std::string& out, std::size_t payload_bytes);
void AppendFrame(std::string& out, std::string_view payload);

// `message`: any protobuf message.
template <typename Message>
void AppendMessageFrame(std::string& out, const Message& message) {
  AppendFrameHeader(out, message.ByteSizeLong());
  message.AppendToString(&out);
}

// Cuts a byte stream into payloads.
class FrameReader {
 public:
  explicit FrameReader(std::size_t max_payload_bytes) : max_payload_bytes_(max_payload_bytes) {}

  void Append(std::string_view bytes);
  // The next whole payload, valid until the next Append; nothing if more bytes are needed; ResourceExhausted
  // if a frame is longer than allowed, after which the stream is of no use.
  Result<std::optional<std::string_view>> Next();

 private:
  std::size_t max_payload_bytes_;
  std::string buffer_;
  std::size_t taken_ = 0;  // of buffer_, already returned
};

}  // namespace bsub::worker
