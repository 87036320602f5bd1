// The proof that a launch was ordered by the scheduler: HMAC-SHA256 (RFC 2104) over the serialised Launch,
// under a key that only the scheduler and the spawners of a cluster can read. The scheduler makes it, the
// spawner checks it, the agent between them can do neither.
#pragma once

#include <string>
#include <string_view>

#include "common/result.h"

namespace bsub::worker {

class LaunchKey {
 public:
  // At least 32 characters; anything a text file can hold.
  static Result<LaunchKey> FromText(std::string_view text);
  // Reads a key file: owned by this user or root, readable by its owner alone.
  static Result<LaunchKey> Load(const std::string& path);
  // Makes a key file with 256 random bits, mode 0600; AlreadyExists if there is one.
  static Status Create(const std::string& path);

  std::string Sign(std::string_view launch) const;                     // 32 bytes
  bool Verify(std::string_view launch, std::string_view proof) const;  // in constant time

 private:
  explicit LaunchKey(std::string secret) : secret_(std::move(secret)) {}
  std::string secret_;
};

}  // namespace bsub::worker
