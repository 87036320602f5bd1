#include "worker/step/note_socket.h"

#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "common/hash.h"

namespace bsub::step {
namespace {

// For reading or writing a note, by processes of one machine: a note makes a rank's end plain, it must not
// delay it.
constexpr int kPatienceSeconds = 2;
constexpr std::size_t kMostNoteBytes = 4096;  // a note is a line

struct NoteAddress {
  sockaddr_un address{};
  socklen_t size = 0;
};

NoteAddress AddressOf(const std::string& name) {
  NoteAddress out;
  out.address.sun_family = AF_UNIX;
  const std::size_t size = std::min(name.size(), sizeof out.address.sun_path - 1);
  std::copy_n(name.begin(), size, out.address.sun_path + 1);
  out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + size);
  return out;
}

void LimitNoteWaiting(int fd) {
  const timeval limit{kPatienceSeconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

}  // namespace

UniqueFd ListenForNotes(std::string& name) {
  std::array<std::uint8_t, 16> random{};
  if (getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) return UniqueFd();
  name = "bsub-lite-notes-" + ToHex(random);
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const NoteAddress place = AddressOf(name);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&place.address), place.size) != 0) return UniqueFd();
  if (listen(fd.get(), SOMAXCONN) != 0) return UniqueFd();
  return fd;
}

UniqueFd AcceptNote(int listener) {
  UniqueFd fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  ucred who{};
  socklen_t size = sizeof who;
  if (!fd.valid() || getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return UniqueFd();
  if (who.uid != geteuid()) return UniqueFd();
  LimitNoteWaiting(fd.get());
  return fd;
}

std::string ReadNote(int writer) {
  std::string note;
  std::array<char, kMostNoteBytes> bytes;
  for (ssize_t n = 1; n > 0 && note.size() < kMostNoteBytes;) {
    n = recv(writer, bytes.data(), bytes.size() - note.size(), 0);
    if (n > 0) note.append(bytes.data(), static_cast<std::size_t>(n));
  }
  return note;
}

bool SendNote(const std::string& name, const std::string& note) {
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const NoteAddress place = AddressOf(name);
  LimitNoteWaiting(fd.get());
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&place.address), place.size) != 0) return false;
  if (send(fd.get(), note.data(), note.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(note.size()))
    return false;
  shutdown(fd.get(), SHUT_WR);
  char end = 0;
  return recv(fd.get(), &end, 1, 0) == 0;  // closed: it is written down
}

}  // namespace bsub::step
