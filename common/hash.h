// XXH3 (https://github.com/Cyan4973/xxHash) for integrity and state hashes, and the type of a content
// address. Not for anything an adversary may choose: content addresses are SHA-256, computed in the payload
// store.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace bsub {

std::uint64_t Hash64(std::string_view bytes, std::uint64_t seed = 0);
// Hash64 of its eight bytes in little-endian order.
std::uint64_t HashWord(std::uint64_t word, std::uint64_t seed);

// SHA-256 of a payload (a command, a script, an environment). All zero: no payload.
struct PayloadHash {
  std::array<std::uint8_t, 32> bytes{};
  bool empty() const { return *this == PayloadHash{}; }
  friend auto operator<=>(const PayloadHash&, const PayloadHash&) = default;
};

std::string ToHex(std::span<const std::uint8_t> bytes);

// Feeds fields into one 64-bit hash, independent of padding and of the host's word layout.
class FieldHasher {
 public:
  template <typename T>
  requires std::is_integral_v<T> || std::is_enum_v<T> FieldHasher& Add(T value) {
    state_ = HashWord(static_cast<std::uint64_t>(value), state_);
    return *this;
  }
  FieldHasher& Add(std::string_view text) {
    Add(text.size());
    state_ = Hash64(text, state_);
    return *this;
  }
  std::uint64_t Value() const { return state_; }

 private:
  std::uint64_t state_ = 0x9e3779b97f4a7c15ULL;
};

}  // namespace bsub
