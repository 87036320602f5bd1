#include "worker/step/handshake.h"

#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <cerrno>

#include "worker/launch/launch_proof.h"

namespace bsub::step {
namespace {

constexpr std::size_t kNonceBytes = 32;
constexpr std::size_t kProofBytes = 32;

// So few bytes fit into what a new connection may hold, so a part of them is as bad as none.
bool SendBytes(int fd, const std::string& bytes) {
  return send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
         static_cast<ssize_t>(bytes.size());
}

// Up to `count` bytes that are there; false: the other side is gone.
bool ReceiveBytes(int fd, std::size_t count, std::string& to) {
  std::string bytes(count, '\0');
  const ssize_t n = recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  to.append(bytes, 0, static_cast<std::size_t>(n));
  return n > 0;
}

std::string WaitForBytes(int fd, std::size_t count, const Patience& patience) {
  std::string bytes;
  while (bytes.size() < count) {
    if (!WaitFor(fd, POLLIN, patience) || !ReceiveBytes(fd, count - bytes.size(), bytes)) return {};
  }
  return bytes;
}

std::string Nonce() {
  std::string nonce(kNonceBytes, '\0');
  return getrandom(nonce.data(), nonce.size(), 0) == static_cast<ssize_t>(nonce.size()) ? nonce
                                                                                        : std::string();
}

// Both sides choose a number, so that nothing said in another connection is of use in this one.
std::string Statement(const char* side, std::uint32_t server, const std::string& servers,
                      const std::string& clients) {
  return std::string("step ") + side + " " + std::to_string(server) + " " + servers + clients;
}

std::string ProofOf(const Gang& gang, const std::string& statement) {
  const auto key = worker::LaunchKey::FromText(gang.secret);
  return key ? key->Sign(statement) : std::string();
}

bool Proves(const Gang& gang, const std::string& statement, const std::string& proof) {
  const auto key = worker::LaunchKey::FromText(gang.secret);
  return key && key->Verify(statement, proof);
}

}  // namespace

bool Introduce(const Gang& gang, std::uint32_t index, int connection, const Patience& patience) {
  const Patience whole = patience.AtMost(kHandshakeTime);
  const std::string theirs = WaitForBytes(connection, kNonceBytes, whole);
  const std::string ours = Nonce();
  if (theirs.empty() || ours.empty()) return false;
  if (!SendBytes(connection, ours + ProofOf(gang, Statement("client", index, theirs, ours)))) return false;
  const std::string proof = WaitForBytes(connection, kProofBytes, whole);
  return !proof.empty() && Proves(gang, Statement("server", index, theirs, ours), proof);
}

Admission::Admission(const Gang& gang, UniqueFd connection)
    : gang_(gang), connection_(std::move(connection)), ours_(Nonce()) {
  // Nobody can answer what was not sent, and is then refused for that.
  static_cast<void>(SendBytes(connection_.get(), ours_));
}

Admission::Verdict Admission::Hear() {
  constexpr std::size_t kWhole = kNonceBytes + kProofBytes;
  if (!ReceiveBytes(connection_.get(), kWhole - heard_.size(), heard_)) return Verdict::kRefused;
  if (heard_.size() < kWhole) return Verdict::kOpen;
  const std::string theirs = heard_.substr(0, kNonceBytes);
  if (ours_.empty() ||
      !Proves(gang_, Statement("client", gang_.index, ours_, theirs), heard_.substr(kNonceBytes)))
    return Verdict::kRefused;
  const std::string proof = ProofOf(gang_, Statement("server", gang_.index, ours_, theirs));
  return SendBytes(connection_.get(), proof) ? Verdict::kAdmitted : Verdict::kRefused;
}

}  // namespace bsub::step
