#include "cli/quick/exchange.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace bsub::cli::quick {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr std::size_t kFrameHeader = 9;
constexpr std::size_t kPrefixBytes = 5;  // gRPC's before a message: compressed or not, and its length
constexpr std::size_t kMostFrameBytes = 16384;
constexpr std::size_t kMostAnswerBytes = std::size_t{512} << 20;
constexpr std::uint32_t kStream = 1;
constexpr std::uint32_t kWindow = 0x7fffffff;
constexpr std::uint32_t kFirstWindow = 65535;

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
enum Flag : std::uint8_t { kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8, kPriority = 0x20 };
enum Setting : std::uint16_t { kHeaderTableSize = 1, kEnablePush = 2, kInitialWindow = 4 };
constexpr std::uint32_t kRefusedStream = 7;

void AppendNumber(std::string& out, std::uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

std::uint32_t NumberAt(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

void AppendFrame(std::string& out, FrameType type, std::uint8_t flags, std::uint32_t stream,
                 std::string_view body) {
  AppendNumber(out, body.size(), 3);
  AppendNumber(out, type, 1);
  AppendNumber(out, flags, 1);
  AppendNumber(out, stream, 4);
  out.append(body);
}

void AppendSetting(std::string& body, Setting setting, std::uint32_t value) {
  AppendNumber(body, setting, 2);
  AppendNumber(body, value, 4);
}

Error Torn() { return DataLoss("the connection carried something that is not HTTP/2"); }

// The frame's body without its padding.
std::optional<std::string_view> Unpadded(std::uint8_t flags, std::string_view body) {
  if ((flags & kPadded) == 0) return body;
  if (body.empty()) return std::nullopt;
  const std::size_t padding = NumberAt(body, 0, 1);
  body.remove_prefix(1);
  if (padding > body.size()) return std::nullopt;
  return body.substr(0, body.size() - padding);
}

// gRPC's status messages are percent-encoded.
std::string Decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      out.push_back(static_cast<char>(value));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

}  // namespace

void Exchange::Open() {
  outgoing_ = kPreface;
  std::string settings;
  AppendSetting(settings, kHeaderTableSize, 0);
  AppendSetting(settings, kEnablePush, 0);
  AppendSetting(settings, kInitialWindow, kWindow);
  AppendFrame(outgoing_, kSettings, 0, 0, settings);
  std::string window;
  AppendNumber(window, kWindow - kFirstWindow, 4);
  AppendFrame(outgoing_, kWindowUpdate, 0, 0, window);
}

std::string Exchange::TakeOutgoing() { return std::exchange(outgoing_, {}); }

void Exchange::SendRequest() {
  sent_ = true;
  std::string block;
  AppendHeader(block, ":method", "POST");
  AppendHeader(block, ":scheme", "http");
  AppendHeader(block, ":path", call_.path);
  AppendHeader(block, ":authority", "localhost");
  AppendHeader(block, "te", "trailers");
  AppendHeader(block, "content-type", "application/grpc");
  for (const Header& header : call_.headers) AppendHeader(block, header.name, header.value);
  AppendFrame(outgoing_, kHeaders, kEndHeaders, kStream, block);
  std::string message;
  message.reserve(kPrefixBytes + call_.message.size());
  AppendNumber(message, 0, 1);
  AppendNumber(message, call_.message.size(), 4);
  message += call_.message;
  for (std::string_view rest = message; !rest.empty();) {
    const std::string_view part = rest.substr(0, kMostFrameBytes);
    rest.remove_prefix(part.size());
    AppendFrame(outgoing_, kData, rest.empty() ? kEndStream : 0, kStream, part);
  }
}

Status Exchange::Take(std::string_view bytes) {
  incoming_.append(bytes);
  std::string_view rest = incoming_;
  while (!end_ && rest.size() >= kFrameHeader) {
    const std::size_t size = NumberAt(rest, 0, 3);
    if (size > kMostFrameBytes) return Torn();
    if (rest.size() < kFrameHeader + size) break;
    const Frame frame{static_cast<std::uint8_t>(rest[3]), static_cast<std::uint8_t>(rest[4]),
                      NumberAt(rest, 5, 4) & 0x7fffffff, rest.substr(kFrameHeader, size)};
    BSUB_RETURN_IF_ERROR(TakeFrame(frame));
    rest.remove_prefix(kFrameHeader + size);
  }
  incoming_.erase(0, incoming_.size() - rest.size());
  return OkStatus();
}

Status Exchange::TakeFrame(const Frame& frame) {
  switch (frame.type) {
    case kSettings:
      if ((frame.flags & kAck) != 0) return OkStatus();
      AppendFrame(outgoing_, kSettings, kAck, 0, {});
      if (!sent_) SendRequest();
      return OkStatus();
    case kPing:
      if ((frame.flags & kAck) == 0) AppendFrame(outgoing_, kPing, kAck, 0, frame.body);
      return OkStatus();
    case kGoAway:
      if (frame.body.size() < 8) return Torn();
      if (NumberAt(frame.body, 0, 4) < kStream) end_ = Unavailable("the scheduler is closing the connection");
      return OkStatus();
    case kData:
      return TakeData(frame);
    case kHeaders:
    case kContinuation:
      return TakeHeaders(frame);
    case kReset:
      return TakeReset(frame);
    default:
      return OkStatus();
  }
}

Status Exchange::TakeData(const Frame& frame) {
  const auto body = Unpadded(frame.flags, frame.body);
  if (!body || frame.stream != kStream) return Torn();
  if (data_.size() + body->size() > kMostAnswerBytes) return Torn();
  data_.append(*body);
  if ((frame.flags & kEndStream) != 0) Conclude();
  return OkStatus();
}

Status Exchange::TakeHeaders(const Frame& frame) {
  if (frame.stream != kStream) return Torn();
  std::string_view block = frame.body;
  if (frame.type == kHeaders) {
    const auto body = Unpadded(frame.flags, frame.body);
    if (!body) return Torn();
    block = *body;
    if ((frame.flags & kPriority) != 0) {
      if (block.size() < 5) return Torn();
      block.remove_prefix(5);
    }
    header_block_.clear();
    last_headers_ = (frame.flags & kEndStream) != 0;
  }
  if (header_block_.size() + block.size() > kMostAnswerBytes) return Torn();
  header_block_.append(block);
  return (frame.flags & kEndHeaders) != 0 ? TakeHeaderBlock() : OkStatus();
}

Status Exchange::TakeHeaderBlock() {
  BSUB_ASSIGN_OR_RETURN(const std::vector<Header> headers, ReadHeaderBlock(header_block_));
  for (const Header& header : headers) {
    if (header.name == ":status") http_status_ = header.value;
    if (header.name == "grpc-status") grpc_status_ = header.value;
    if (header.name == "grpc-message") grpc_message_ = Decoded(header.value);
  }
  if (last_headers_) Conclude();
  return OkStatus();
}

Status Exchange::TakeReset(const Frame& frame) {
  if (frame.body.size() != 4) return Torn();
  const std::uint32_t reason = NumberAt(frame.body, 0, 4);
  const std::string text = "the scheduler broke the call off (" + std::to_string(reason) + ")";
  end_ = reason == kRefusedStream ? Unavailable(text) : Internal(text);
  return OkStatus();
}

void Exchange::Conclude() {
  int code = -1;
  const char* const text_end = grpc_status_.data() + grpc_status_.size();
  const auto parsed = std::from_chars(grpc_status_.data(), text_end, code);
  if (grpc_status_.empty() || parsed.ptr != text_end || code < 0 || code > 16) {
    end_ = Internal("the scheduler's answer tells no end (HTTP status " + http_status_ + ")");
  } else if (code != 0) {
    end_ = Error{static_cast<Code>(code), grpc_message_};
  } else if (data_.size() < kPrefixBytes || data_[0] != 0 ||
             NumberAt(data_, 1, 4) != data_.size() - kPrefixBytes) {
    end_ = Internal("the scheduler's answer is not one message of the length that it tells");
  } else {
    message_ = data_.substr(kPrefixBytes);
    end_ = OkStatus();
  }
}

}  // namespace bsub::cli::quick
