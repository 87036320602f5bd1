#include "worker/step/words.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace bsub::step {
namespace {

constexpr std::size_t kHeaderBytes = 5;  // length, little-endian; kind

}  // namespace

void WordSender::Add(WordKind kind, std::string_view bytes) {
  buffer_.erase(0, sent_);
  sent_ = 0;
  for (int shift = 0; shift < 32; shift += 8)
    buffer_.push_back(static_cast<char>(bytes.size() >> shift & 0xff));
  buffer_.push_back(static_cast<char>(kind));
  buffer_.append(bytes);
}

bool WordSender::Flush(int fd) {
  while (!empty()) {
    const ssize_t n = send(fd, buffer_.data() + sent_, buffer_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    sent_ += static_cast<std::size_t>(n);
  }
  Discard();
  return true;
}

std::optional<Word> WordReader::Next() {
  if (broken_ || buffer_.size() < kHeaderBytes) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i) size |= std::size_t{static_cast<std::uint8_t>(buffer_[i])} << (8 * i);
  const auto kind = static_cast<std::uint8_t>(buffer_[4]);
  if (size > kMostWordBytes || kind < static_cast<std::uint8_t>(WordKind::kRun) ||
      kind > static_cast<std::uint8_t>(WordKind::kEnded)) {
    broken_ = true;
    return std::nullopt;
  }
  if (buffer_.size() < kHeaderBytes + size) return std::nullopt;
  Word word{static_cast<WordKind>(kind), buffer_.substr(kHeaderBytes, size)};
  buffer_.erase(0, kHeaderBytes + size);
  return word;
}

bool ReadSome(int fd, std::string& to) {
  std::array<char, 65536> bytes;
  const ssize_t n = read(fd, bytes.data(), bytes.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  to.assign(bytes.data(), static_cast<std::size_t>(n));
  return n > 0;
}

}  // namespace bsub::step
