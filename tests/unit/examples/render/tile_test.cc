#include "examples/render/tile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <array>

#include "examples/render/progressive.h"

namespace render {
namespace {

using ::testing::Optional;

constexpr std::uint32_t kSamples = 3;

Film SmallFilm() {
  Film film;
  film.width = 20;
  film.height = 12;
  film.frames = 2;
  return film;
}

std::vector<std::uint8_t> Rendered(const Film& film, std::uint32_t first_row, std::uint32_t last_row) {
  Progressive rows(film, first_row, last_row);
  while (rows.passes() < kSamples) rows.AddPass();
  return BytesOf(rows.sums(), kSamples);
}

TEST(Tile, AreNumberedRowByRowAndFrameByFrame) {
  const Film film = SmallFilm();
  EXPECT_EQ(TilesOfFrame(film), 6u) << "3 x 2, the last column and row stand over";
  EXPECT_THAT(TileAt(film, 0), Optional(Tile{0, 0, 0}));
  EXPECT_THAT(TileAt(film, 2), Optional(Tile{0, 16, 0}));
  EXPECT_THAT(TileAt(film, 3), Optional(Tile{0, 0, 8}));
  EXPECT_THAT(TileAt(film, 11), Optional(Tile{1, 16, 8}));
  EXPECT_EQ(TileAt(film, 12), std::nullopt);
}

TEST(Tile, HoldsThePixelsOfThePicture) {
  Film film = SmallFilm();
  film.frame = 1;
  const std::vector<std::uint8_t> picture = Rendered(film, 0, film.height);
  const Scene scene = MakeScene(film.seed, 1, film.frames);
  for (std::uint64_t index = 6; index < 12; ++index) {
    const Tile tile = *TileAt(film, index);
    std::array<std::uint8_t, kTileBytes> bytes{};
    RenderTile(scene, film, tile, kSamples, bytes.data());
    for (std::uint32_t y = 0; y < kTileSide; ++y) {
      for (std::uint32_t x = 0; x < 3 * kTileSide; ++x) {
        const bool over = tile.x + x / 3 >= film.width || tile.y + y >= film.height;
        EXPECT_EQ(bytes[y * 3 * kTileSide + x],
                  over ? 0 : picture[3 * ((tile.y + y) * film.width + tile.x) + x]);
      }
    }
  }
}

TEST(Progressive, RowsAloneAreThoseOfTheWhole) {
  const Film film = SmallFilm();
  std::vector<std::uint8_t> parts = Rendered(film, 0, 5);
  const std::vector<std::uint8_t> rest = Rendered(film, 5, film.height);
  parts.insert(parts.end(), rest.begin(), rest.end());
  EXPECT_EQ(parts, Rendered(film, 0, film.height));
}

TEST(Progressive, GoesOnFromSavedSums) {
  const Film film = SmallFilm();
  Progressive first(film, 0, film.height);
  first.AddPass();
  Progressive second(film, 0, film.height);
  second.Restore(first.passes(), first.sums());
  while (second.passes() < kSamples) second.AddPass();
  EXPECT_EQ(BytesOf(second.sums(), kSamples), Rendered(film, 0, film.height));
}

TEST(Progressive, DoesNotDependOnTheThreads) {
  const Film film = SmallFilm();
  const std::vector<std::uint8_t> many = Rendered(film, 0, film.height);
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  EXPECT_EQ(Rendered(film, 0, film.height), many);
}

}  // namespace
}  // namespace render
