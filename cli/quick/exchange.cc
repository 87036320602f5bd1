#include "cli/quick/exchange.h"

#include <nghttp2/nghttp2.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "common/check.h"

namespace bsub::cli::quick {
namespace {

constexpr std::size_t kPrefixBytes = 5;  // gRPC's before a message: compressed or not, and its length
constexpr std::size_t kMostAnswerBytes = std::size_t{512} << 20;
constexpr std::int32_t kStream = 1;
constexpr std::int32_t kWindow = 0x7fffffff;

// For calls that fail for want of memory alone.
void Check(ssize_t result) { BSUB_CHECK(result >= 0) << nghttp2_strerror(static_cast<int>(result)); }

Error Torn() { return DataLoss("the connection carried something that is not HTTP/2"); }

Error BrokenOff(std::uint32_t reason) {
  const std::string text = "the scheduler broke the call off (" + std::to_string(reason) + ")";
  return reason == NGHTTP2_REFUSED_STREAM ? Unavailable(text) : Internal(text);
}

Error TooLong(std::size_t bytes) {
  return DataLoss("the scheduler's answer is of " + std::to_string(bytes) + " bytes, at most " +
                  std::to_string(kMostAnswerBytes) + " are taken; ask for less at a time");
}

std::string_view TextOf(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

// The session copies neither: both live as long as the exchange. No table gets them: they are sent once.
nghttp2_nv FieldOf(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {  // the session does not write to them
    return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE | NGHTTP2_NV_FLAG_NO_INDEX};
}

// `message` with gRPC's prefix.
std::string Prefixed(std::string_view message) {
  std::string out(1, '\0');  // not compressed
  out.reserve(kPrefixBytes + message.size());
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<char>(message.size() >> shift & 0xff));
  return out.append(message);
}

// The length that a prefix tells.
std::size_t LengthIn(std::string_view prefix) {
  std::size_t length = 0;
  for (const char byte : prefix.substr(1, 4)) length = length << 8 | static_cast<std::uint8_t>(byte);
  return length;
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

// How the call ended is what is known first; what comes later changes nothing.
struct Exchange::Callbacks {
  static Exchange& Of(void* user) { return *static_cast<Exchange*>(user); }

  static int FrameReceived(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    Exchange& exchange = Of(user);
    if (exchange.end_) return 0;
    switch (frame->hd.type) {
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0 && exchange.request_.empty()) exchange.Request();
        break;
      case NGHTTP2_GOAWAY:
        if (frame->goaway.last_stream_id < kStream)
          exchange.end_ = Unavailable("the scheduler is closing the connection");
        break;
      case NGHTTP2_RST_STREAM:
        exchange.end_ = BrokenOff(frame->rst_stream.error_code);
        break;
      case NGHTTP2_HEADERS:
      case NGHTTP2_DATA:
        if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) exchange.Conclude();
        break;
      default:
        break;
    }
    return 0;
  }

  static int HeaderReceived(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name,
                            std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                            std::uint8_t, void* user) {
    Of(user).TakeHeader(TextOf(name, name_size), TextOf(value, value_size));
    return 0;
  }

  static int DataReceived(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data,
                          std::size_t size, void* user) {
    if (!Of(user).end_) Of(user).TakeData(TextOf(data, size));
    return 0;
  }

  // The session ends it itself when the answer breaks HTTP's rules.
  static int StreamClosed(nghttp2_session*, std::int32_t, std::uint32_t reason, void* user) {
    if (!Of(user).end_) {
      Of(user).end_ = Internal(std::string("the scheduler's answer is not HTTP's (") +
                               nghttp2_http2_strerror(reason) + ")");
    }
    return 0;
  }

  static int FrameSent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS) Of(user).sent_ = true;
    return 0;
  }

  // The peer was closing the connection already.
  static int FrameNotSent(nghttp2_session*, const nghttp2_frame* frame, int reason, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS && !Of(user).end_)
      Of(user).end_ = Unavailable(std::string("the request was not sent: ") + nghttp2_strerror(reason));
    return 0;
  }

  static ssize_t ReadRequest(nghttp2_session*, std::int32_t, std::uint8_t* buffer, std::size_t size,
                             std::uint32_t* flags, nghttp2_data_source*, void* user) {
    Exchange& exchange = Of(user);
    const std::size_t taken =
        exchange.request_.copy(reinterpret_cast<char*>(buffer), size, exchange.request_taken_);
    exchange.request_taken_ += taken;
    if (exchange.request_taken_ == exchange.request_.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(taken);
  }
};

void Exchange::DeleteSession::operator()(nghttp2_session* session) const { nghttp2_session_del(session); }

Exchange::Exchange(Call call) : call_(std::move(call)) {
  OpenSession();
  constexpr std::array settings = {nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                   nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kWindow}};
  Check(nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size()));
  Check(nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, kWindow));
  GatherOutgoing();
}

void Exchange::OpenSession() {
  nghttp2_session_callbacks* callbacks = nullptr;
  Check(nghttp2_session_callbacks_new(&callbacks));
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Callbacks::FrameReceived);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Callbacks::HeaderReceived);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Callbacks::DataReceived);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Callbacks::StreamClosed);
  nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, &Callbacks::FrameSent);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, &Callbacks::FrameNotSent);
  nghttp2_option* option = nullptr;
  Check(nghttp2_option_new(&option));
  // gRPC does not encode blanks: a message that ends with one would be dropped.
  nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(option, 1);
  nghttp2_session* session = nullptr;
  Check(nghttp2_session_client_new2(&session, callbacks, this, option));
  session_.reset(session);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
}

std::string Exchange::TakeOutgoing() { return std::exchange(outgoing_, {}); }

void Exchange::GatherOutgoing() {
  for (;;) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_.get(), &bytes);
    Check(size);
    if (size == 0) return;
    outgoing_.append(TextOf(bytes, static_cast<std::size_t>(size)));
  }
}

void Exchange::Request() {
  request_ = Prefixed(call_.message);
  std::vector<nghttp2_nv> fields = {
      FieldOf(":method", "POST"),   FieldOf(":scheme", "http"),
      FieldOf(":path", call_.path), FieldOf(":authority", "localhost"),
      FieldOf("te", "trailers"),    FieldOf("content-type", "application/grpc")};
  for (const Header& header : call_.headers) fields.push_back(FieldOf(header.name, header.value));
  const nghttp2_data_provider body = {.source = {}, .read_callback = &Callbacks::ReadRequest};
  Check(nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(), &body, nullptr));
}

Status Exchange::Take(std::string_view bytes) {
  if (end_) return OkStatus();
  const ssize_t taken = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken < 0) return end_ ? OkStatus() : Torn();
  GatherOutgoing();
  // It wants no more once it has told the peer what is wrong.
  if (!end_ && nghttp2_session_want_read(session_.get()) == 0) return Torn();
  return OkStatus();
}

void Exchange::TakeHeader(std::string_view name, std::string_view value) {
  if (name == ":status") http_status_ = value;
  if (name == "grpc-status") grpc_status_ = value;
  if (name == "grpc-message") grpc_message_ = Decoded(value);
}

void Exchange::TakeData(std::string_view bytes) {
  data_.append(bytes);
  if (data_.size() < kPrefixBytes) return;
  const std::size_t size = std::max(LengthIn(data_), data_.size() - kPrefixBytes);
  if (size > kMostAnswerBytes) end_ = TooLong(size);
}

void Exchange::Conclude() {
  int code = -1;
  const char* const text_end = grpc_status_.data() + grpc_status_.size();
  const auto parsed = std::from_chars(grpc_status_.data(), text_end, code);
  if (grpc_status_.empty() || parsed.ptr != text_end || code < 0 || code > 16) {
    end_ = Internal("the scheduler's answer tells no end (HTTP status " + http_status_ + ")");
  } else if (code != 0) {
    end_ = Error{static_cast<Code>(code), grpc_message_};
  } else if (data_.size() < kPrefixBytes || data_[0] != 0 || LengthIn(data_) != data_.size() - kPrefixBytes) {
    end_ = Internal("the scheduler's answer is not one message of the length that it tells");
  } else {
    message_ = data_.substr(kPrefixBytes);
    end_ = OkStatus();
  }
}

}  // namespace bsub::cli::quick
