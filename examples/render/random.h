// Random numbers without a state that anything could share: the n-th number of a sample of a pixel is a
// function of these three, the frame and the seed. So a pixel's value does not depend on which thread or node
// computes it, nor when.
//
// Philox4x32-10: J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11.
#pragma once

#include <array>
#include <cstdint>

namespace render {

using Philox4 = std::array<std::uint32_t, 4>;
Philox4 Philox(Philox4 counter, std::array<std::uint32_t, 2> key);

class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint32_t frame, std::uint32_t pixel, std::uint32_t sample)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
        counter_{0, sample, pixel, frame} {}

  // Uniform in [0, 1), a multiple of 2^-53.
  double Next();

 private:
  std::array<std::uint32_t, 2> key_;
  Philox4 counter_;
  Philox4 block_{};
  unsigned used_ = 4;  // words of block_
};

}  // namespace render
