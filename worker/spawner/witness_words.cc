#include "worker/spawner/witness_words.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "worker/spawner/files.h"
#include "worker/spawner/plain_bytes.h"

namespace bsub::spawner {
namespace {

using Length = std::uint64_t;

// Longer reasons are cut: a word must fit the socket at once.
constexpr std::size_t kMaxReasonBytes = 4096;
constexpr std::size_t kMaxWordBytes = 2 * kMaxReasonBytes;

template <typename Way, typename AWord>
void Walk(Way& way, AWord& word) {
  way.Number(word.kind);
  way.Number(word.pid);
  way.Number(word.cause);
  way.Text(word.reason);
  way.Number(word.exit.wait_status);
  way.Number(word.exit.user_us);
  way.Number(word.exit.system_us);
  way.Number(word.exit.elapsed_us);
  way.Number(word.exit.max_rss_bytes);
  way.Number(word.exit.read_bytes);
  way.Number(word.exit.write_bytes);
  way.Number(word.killed);
  way.Number(word.out_full);
  way.Number(word.err_full);
}

std::string WithLength(std::string_view bytes) {
  const Length length = bytes.size();
  std::string whole(reinterpret_cast<const char*>(&length), sizeof length);
  return whole.append(bytes);
}

bool ReceiveAll(int from, char* to, std::size_t size) {
  while (size > 0) {
    const ssize_t got = recv(from, to, size, MSG_WAITALL);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

void Say(int socket, const Word& word) {
  Word cut = word;
  if (cut.reason.size() > kMaxReasonBytes) cut.reason.resize(kMaxReasonBytes);
  ByteWriter writer;
  Walk(writer, std::as_const(cut));
  const std::string bytes = WithLength(writer.Take());
  ssize_t sent;
  do {
    sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
}

Result<std::optional<Word>> WordReader::Next() {
  Length length = 0;
  if (bytes_.size() < sizeof length) return std::optional<Word>();
  std::memcpy(&length, bytes_.data(), sizeof length);
  if (length > kMaxWordBytes) return DataLoss("a word of " + std::to_string(length) + " bytes");
  if (bytes_.size() < sizeof length + length) return std::optional<Word>();
  ByteReader reader(std::string_view(bytes_).substr(sizeof length, length));
  Word word;
  Walk(reader, word);
  if (!reader.Done()) return DataLoss("bytes that are no word");
  bytes_.erase(0, sizeof length + length);
  return std::optional<Word>(std::move(word));
}

bool SendOrder(int socket, std::string_view order, std::int64_t until_us) {
  const std::string whole = WithLength(order);
  std::string_view rest = whole;
  while (!rest.empty()) {
    const ssize_t put = send(socket, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put > 0) {
      rest.remove_prefix(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN) {
      if (!PollUntil(socket, POLLOUT, until_us)) return errno = ETIMEDOUT, false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

bool ReceiveOrder(int socket, std::string& order) {
  Length length = 0;
  if (!ReceiveAll(socket, reinterpret_cast<char*>(&length), sizeof length)) return false;
  order.resize(length);
  return ReceiveAll(socket, order.data(), order.size());
}

bool IsHungUp(int socket) {
  char byte = 0;
  return recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

}  // namespace bsub::spawner
