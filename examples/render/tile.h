// A square of a picture, rendered alone: what one child of an array computes.
//
// Tiles are numbered through a film: along rows of tiles, row below row, frame after frame. Those at the
// right and lower edge of a picture may stand over; what stands over is black.
#pragma once

#include <cstdint>
#include <optional>

#include "examples/render/image.h"
#include "examples/render/scene.h"

namespace render {

inline constexpr std::uint32_t kTileSide = 8;                           // pixels
inline constexpr std::uint32_t kTileBytes = 3 * kTileSide * kTileSide;  // red, green, blue, row by row

struct Tile {
  std::uint32_t frame = 0;
  std::uint32_t x = 0, y = 0;  // of its upper left pixel
  friend bool operator==(const Tile&, const Tile&) = default;
};

std::uint64_t TilesOfFrame(const Film& film);
// Nothing past the film's last tile.
std::optional<Tile> TileAt(const Film& film, std::uint64_t index);

// One sample of one pixel: x from the left, y from above.
Vec SampleOf(const Scene& scene, const Film& film, std::uint32_t x, std::uint32_t y, std::uint32_t sample);

// `scene` is that of the tile's frame. Writes kTileBytes.
void RenderTile(const Scene& scene, const Film& film, const Tile& tile, std::uint32_t samples,
                std::uint8_t* bytes);

}  // namespace render
