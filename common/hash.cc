#include "common/hash.h"

// A state's hash is made of a hundred of the shortest inputs for each job: they must not cost calls.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <bit>

namespace bsub {

std::uint64_t Hash64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

static_assert(std::endian::native == std::endian::little, "the state's hash is that of little-endian words");

std::uint64_t HashWord(std::uint64_t word, std::uint64_t seed) {
  return XXH3_64bits_withSeed(&word, sizeof word, seed);
}

std::string ToHex(std::span<const std::uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t b : bytes) {
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

}  // namespace bsub
