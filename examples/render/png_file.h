// Pictures as PNG files.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

namespace render {

// `rgb` holds 3 * width * height bytes, row by row from above. The file is there whole or not at all; it
// depends on nothing but the picture. The error is one line that names the file.
tl::expected<void, std::string> WritePng(const std::string& path, std::uint32_t width, std::uint32_t height,
                                         const std::vector<std::uint8_t>& rgb);

// The bytes of an 8-bit RGB picture, and its width and height.
struct Picture {
  std::uint32_t width = 0, height = 0;
  std::vector<std::uint8_t> rgb;
};
tl::expected<Picture, std::string> ReadPng(const std::string& path);

}  // namespace render
