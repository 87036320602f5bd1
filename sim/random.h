// The simulators' own random numbers: SplitMix64 seeds xoshiro256** (Blackman and Vigna, public domain
// algorithms), integers only, so that a seed means the same run with every compiler and library.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "common/time.h"

namespace bsub::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) {
    for (std::uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15ULL;
      std::uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
      z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
      word = z ^ (z >> 31);
    }
  }

  std::uint64_t Next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // 0 … n-1; n > 0. The bias of a plain remainder does not matter for fault injection.
  std::uint64_t Below(std::uint64_t n) { return Next() % n; }
  // Both ends included.
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(high - low) + 1));
  }
  Duration Between(Duration low, Duration high) { return Duration(Between(low.count(), high.count())); }
  // Each order of magnitude equally likely; 0 < low <= high.
  Duration Spread(Duration low, Duration high) {
    const int first = std::bit_width(static_cast<std::uint64_t>(low.count()));
    const int last = std::bit_width(static_cast<std::uint64_t>(high.count()));
    const auto bits = static_cast<int>(Between(first, last));
    const std::int64_t value =
        (std::int64_t{1} << (bits - 1)) + Between(0, (std::int64_t{1} << (bits - 1)) - 1);
    return Duration(value < low.count() ? low.count() : value > high.count() ? high.count() : value);
  }
  // In thousandths.
  bool Chance(std::uint32_t permille) { return Below(1000) < permille; }
  template <typename Container>
  const auto& Pick(const Container& from) {
    return *(std::begin(from) + static_cast<std::ptrdiff_t>(Below(std::size(from))));
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace bsub::sim
