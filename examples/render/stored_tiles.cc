#include "examples/render/stored_tiles.h"

#include <algorithm>
#include <array>
#include <bsub/checkpoint.hpp>

#include "examples/render/tile.h"

namespace render {
namespace {

using bsub::checkpoint::Status;
using bsub::checkpoint::Store;

constexpr std::uint16_t kSucceeded = 1;  // an outcome in the store

struct StoredTiles {
  std::array<std::uint64_t, 2> shape{};  // children, bytes of each record
  std::vector<std::uint16_t> outcomes;
  std::vector<std::uint8_t> records;
};

tl::expected<void, std::string> SuccessOf(const Status& status, const std::string& store) {
  if (status.nothing_saved()) return tl::unexpected(store + " holds no results");
  if (!status) return tl::unexpected(status.message());
  return {};
}

// Loads what `declare` declares.
template <typename Declare>
tl::expected<void, std::string> LoadFrom(const std::string& directory, Declare declare) {
  bsub::checkpoint::Options options;
  options.directory = directory.c_str();
  options.read_only = 1;
  Store store;
  std::uint64_t finished = 0;
  if (auto opened = SuccessOf(store.Open(options), directory); !opened) return opened;
  if (auto declared = SuccessOf(declare(store), directory); !declared) return declared;
  return SuccessOf(store.Load(finished), directory);
}

tl::expected<StoredTiles, std::string> LoadTiles(const std::string& directory) {
  StoredTiles tiles;
  auto loaded =
      LoadFrom(directory, [&](Store& store) { return store.Values("shape", 2, tiles.shape.data()); });
  if (!loaded) return tl::unexpected(loaded.error());
  const auto [children, bytes] = tiles.shape;
  if (bytes != kTileBytes)
    return tl::unexpected(directory + " holds records of " + std::to_string(bytes) + " bytes, not tiles of " +
                          std::to_string(kTileBytes));
  tiles.outcomes.resize(children);
  tiles.records.resize(children * bytes);
  loaded = LoadFrom(directory, [&](Store& store) {
    const Status outcomes = store.Dataset("outcome", {tiles.shape[0]}, tiles.outcomes.data());
    return outcomes ? store.Dataset("output", {tiles.shape[0], tiles.shape[1]}, tiles.records.data())
                    : outcomes;
  });
  if (!loaded) return tl::unexpected(loaded.error());
  return tiles;
}

void CopyTile(const std::uint8_t* bytes, const Tile& tile, const Film& film, std::vector<std::uint8_t>& rgb) {
  const std::uint32_t right = std::min(kTileSide, film.width - tile.x);
  const std::uint32_t below = std::min(kTileSide, film.height - tile.y);
  for (std::uint32_t y = 0; y < below; ++y) {
    const std::size_t to = std::size_t{3} * (std::size_t{tile.y + y} * film.width + tile.x);
    std::copy_n(bytes + std::size_t{3} * y * kTileSide, std::size_t{3} * right,
                rgb.begin() + static_cast<std::ptrdiff_t>(to));
  }
}

}  // namespace

tl::expected<std::vector<std::uint8_t>, std::string> PictureFromTiles(const std::string& directory,
                                                                      const Film& film) {
  const auto tiles = LoadTiles(directory);
  if (!tiles) return tl::unexpected(tiles.error());
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(3 * film.pixels()));
  const std::uint64_t each = TilesOfFrame(film);
  for (std::uint64_t index = film.frame * each; index < (film.frame + 1) * each; ++index) {
    if (index >= tiles->outcomes.size() || tiles->outcomes[index] != kSucceeded)
      return tl::unexpected("tile " + std::to_string(index) + " of frame " + std::to_string(film.frame) +
                            " is not in " + directory);
    CopyTile(tiles->records.data() + index * kTileBytes, *TileAt(film, index), film, rgb);
  }
  return rgb;
}

}  // namespace render
