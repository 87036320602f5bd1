// XXH3, 64 bits (https://github.com/Cyan4973/xxHash): against damage, not against people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bsub::ckpt {

std::uint64_t Checksum(const void* data, std::uint64_t bytes);
inline std::uint64_t Checksum(std::string_view bytes) { return Checksum(bytes.data(), bytes.size()); }

// The checksum of pieces one behind the other.
class RunningChecksum {
 public:
  RunningChecksum();
  RunningChecksum(const RunningChecksum&) = delete;
  RunningChecksum& operator=(const RunningChecksum&) = delete;
  ~RunningChecksum();
  void Add(const void* data, std::uint64_t bytes);
  std::uint64_t Value() const;

 private:
  void* state_;
};

// Sixteen lower-case hexadecimal digits.
std::string ToHex(std::uint64_t checksum);
std::optional<std::uint64_t> FromHex(std::string_view text);

}  // namespace bsub::ckpt
