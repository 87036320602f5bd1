#include "examples/render/image.h"

#include <algorithm>
#include <cmath>

namespace render {

std::uint8_t ByteOf(double sum, std::uint32_t samples) {
  const double mean = samples == 0 ? 0.0 : sum / samples;
  return static_cast<std::uint8_t>(255.0 * std::sqrt(std::clamp(mean, 0.0, 1.0)) + 0.5);
}

std::vector<std::uint8_t> BytesOf(const std::vector<double>& sums, std::uint32_t samples) {
  std::vector<std::uint8_t> bytes(sums.size());
  std::transform(sums.begin(), sums.end(), bytes.begin(),
                 [samples](double sum) { return ByteOf(sum, samples); });
  return bytes;
}

std::uint64_t Fingerprint(const std::vector<std::uint8_t>& bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

}  // namespace render
