#include "worker/launch/frame.h"

#include <array>

#include "common/check.h"

namespace bsub::worker {

void AppendFrameHeader(std::string& out, std::size_t payload_bytes) {
  BSUB_CHECK(payload_bytes <= UINT32_MAX) << "a frame of " << payload_bytes << " bytes";
  for (int shift = 0; shift < 32; shift += 8)
    out.push_back(static_cast<char>((payload_bytes >> shift) & 0xff));
}

void AppendFrame(std::string& out, std::string_view payload) {
  AppendFrameHeader(out, payload.size());
  out.append(payload);
}

void FrameReader::Append(std::string_view bytes) {
  buffer_.erase(0, taken_);
  taken_ = 0;
  buffer_.append(bytes);
}

Result<std::optional<std::string_view>> FrameReader::Next() {
  const std::string_view rest = std::string_view(buffer_).substr(taken_);
  if (rest.size() < kFrameHeaderBytes) return std::optional<std::string_view>();
  std::size_t length = 0;
  for (std::size_t i = 0; i < kFrameHeaderBytes; ++i) {
    length |= static_cast<std::size_t>(static_cast<unsigned char>(rest[i])) << (8 * i);
  }
  if (length > max_payload_bytes_) {
    return ResourceExhausted("a frame of " + std::to_string(length) + " bytes exceeds the limit of " +
                             std::to_string(max_payload_bytes_) + "; raise --max-frame-bytes on both sides");
  }
  if (rest.size() < kFrameHeaderBytes + length) return std::optional<std::string_view>();
  taken_ += kFrameHeaderBytes + length;
  return std::optional<std::string_view>(rest.substr(kFrameHeaderBytes, length));
}

}  // namespace bsub::worker
