// A picture from the tiles that an array with the kernel render_tile has stored (docs/kernels.md describes
// the store).
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "examples/render/image.h"

namespace render {

// Bytes of the film's frame as WritePng takes them. The error names the first tile that is missing.
tl::expected<std::vector<std::uint8_t>, std::string> PictureFromTiles(const std::string& store,
                                                                      const Film& film);

}  // namespace render
