#include "examples/render/tile.h"

#include <algorithm>

#include "examples/render/path.h"

namespace render {
namespace {

std::uint64_t TilesAlong(std::uint32_t pixels) { return (pixels + kTileSide - 1) / kTileSide; }

}  // namespace

std::uint64_t TilesOfFrame(const Film& film) { return TilesAlong(film.width) * TilesAlong(film.height); }

std::optional<Tile> TileAt(const Film& film, std::uint64_t index) {
  const std::uint64_t each = TilesOfFrame(film);
  if (each == 0 || index / each >= film.frames) return std::nullopt;
  const std::uint64_t along = TilesAlong(film.width), within = index % each;
  return Tile{static_cast<std::uint32_t>(index / each),
              static_cast<std::uint32_t>(within % along) * kTileSide,
              static_cast<std::uint32_t>(within / along) * kTileSide};
}

Vec SampleOf(const Scene& scene, const Film& film, std::uint32_t x, std::uint32_t y, std::uint32_t sample) {
  RandomStream random(film.seed, film.frame, y * film.width + x, sample);
  const double across = x + random.Next(), down = y + random.Next();
  const double half = 0.5 * film.height;
  const Ray ray = scene.camera.Through((across - 0.5 * film.width) / half, (half - down) / half, random);
  return Radiance(scene, ray, random);
}

void RenderTile(const Scene& scene, const Film& film, const Tile& tile, std::uint32_t samples,
                std::uint8_t* bytes) {
  Film of_tile = film;
  of_tile.frame = tile.frame;
  std::fill_n(bytes, kTileBytes, std::uint8_t{0});
  const std::uint32_t right = std::min(kTileSide, film.width - tile.x);
  const std::uint32_t below = std::min(kTileSide, film.height - tile.y);
  for (std::uint32_t y = 0; y < below; ++y) {
    for (std::uint32_t x = 0; x < right; ++x) {
      Vec sum;
      for (std::uint32_t sample = 0; sample < samples; ++sample)
        sum = sum + SampleOf(scene, of_tile, tile.x + x, tile.y + y, sample);
      std::uint8_t* pixel = bytes + 3 * (y * kTileSide + x);
      pixel[0] = ByteOf(sum.x, samples);
      pixel[1] = ByteOf(sum.y, samples);
      pixel[2] = ByteOf(sum.z, samples);
    }
  }
}

}  // namespace render
