#include "worker/launch/launch_proof.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/check.h"
#include "common/hash.h"
#include "worker/launch/unique_fd.h"

namespace bsub::worker {
namespace {

constexpr std::size_t kMinKeyBytes = 32;
constexpr std::size_t kMaxKeyFileBytes = 4096;
// Keeps a proof of a launch from being taken for a proof of anything else made with the same key.
constexpr std::string_view kPurpose = "bsub-launch-1:";

std::string Because(int error) { return std::strerror(error); }

Status CheckOwnerAndMode(int fd, const std::string& path) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return Unavailable("launch key '" + path + "': " + Because(errno));
  if (!S_ISREG(info.st_mode)) return InvalidArgument("launch key '" + path + "' is not a regular file");
  if (info.st_uid != geteuid() && info.st_uid != 0) {
    return PermissionDenied("launch key '" + path + "' belongs to uid " + std::to_string(info.st_uid) +
                            ", expected uid " + std::to_string(geteuid()) + " or root; fix it with chown");
  }
  if ((info.st_mode & 077) != 0) {
    return PermissionDenied("launch key '" + path + "' can be read by others; fix it with: chmod 600 '" +
                            path + "'");
  }
  return OkStatus();
}

}  // namespace

Result<LaunchKey> LaunchKey::FromText(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.remove_suffix(1);
  if (text.size() < kMinKeyBytes) {
    return InvalidArgument("launch key has " + std::to_string(text.size()) +
                           " characters, expected at least " + std::to_string(kMinKeyBytes));
  }
  return LaunchKey(std::string(text));
}

Result<LaunchKey> LaunchKey::Load(const std::string& path) {
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.valid()) return Unavailable("cannot read launch key '" + path + "': " + Because(errno));
  BSUB_RETURN_IF_ERROR(CheckOwnerAndMode(fd.get(), path));
  std::array<char, kMaxKeyFileBytes> buffer{};
  const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
  if (got < 0) return Unavailable("cannot read launch key '" + path + "': " + Because(errno));
  auto key = FromText({buffer.data(), static_cast<std::size_t>(got)});
  if (!key) return InvalidArgument("'" + path + "': " + key.error().message);
  return key;
}

Status LaunchKey::Create(const std::string& path) {
  std::array<unsigned char, 32> random{};
  if (RAND_bytes(random.data(), random.size()) != 1) return Unavailable("no random bytes for a launch key");
  const std::string text = ToHex(random) + "\n";
  const UniqueFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.valid()) {
    const std::string message = "cannot create launch key '" + path + "': " + Because(errno);
    return errno == EEXIST ? AlreadyExists(message) : Unavailable(message);
  }
  if (write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      fsync(fd.get()) != 0) {
    return Unavailable("cannot write launch key '" + path + "': " + Because(errno));
  }
  return OkStatus();
}

std::string LaunchKey::Sign(std::string_view launch) const {
  std::string message;
  message.reserve(kPurpose.size() + launch.size());
  message.append(kPurpose).append(launch);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  const unsigned char* made = HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), bytes,
                                   message.size(), digest.data(), &size);
  BSUB_CHECK(made != nullptr && size == 32) << "HMAC-SHA256 of a launch failed";
  return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

bool LaunchKey::Verify(std::string_view launch, std::string_view proof) const {
  const std::string expected = Sign(launch);
  return proof.size() == expected.size() &&
         CRYPTO_memcmp(proof.data(), expected.data(), expected.size()) == 0;
}

}  // namespace bsub::worker
