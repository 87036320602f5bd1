// Pictures: sums of samples while they are rendered, bytes when they are written.
#pragma once

#include <cstdint>
#include <vector>

namespace render {

struct Film {
  std::uint32_t width = 640;  // pixels
  std::uint32_t height = 360;
  std::uint32_t frame = 0;  // 0 to frames - 1
  std::uint32_t frames = 1;
  std::uint64_t seed = 1;
  std::int64_t pixels() const { return static_cast<std::int64_t>(width) * height; }
};

// 0 to 255 of a colour's mean over `samples`: clamped to [0, 1], then a square root (gamma 2), the same bits
// everywhere.
std::uint8_t ByteOf(double sum, std::uint32_t samples);

// Sums of red, green and blue per pixel to bytes of the same order.
std::vector<std::uint8_t> BytesOf(const std::vector<double>& sums, std::uint32_t samples);

// FNV-1a, 64 bits: to say in one word whether two pictures are the same.
std::uint64_t Fingerprint(const std::vector<std::uint8_t>& bytes);

}  // namespace render
