// The command line of `render` and `render-mpi`.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

#include "examples/render/image.h"

namespace render {

struct Options {
  Film film;
  std::uint32_t samples = 16;  // per pixel
  std::uint32_t report = 0;    // a line after each that many samples; 0: none
  int threads = 0;             // 0: as many as it may run on
  std::string output = "render.png";
  std::string tiles;  // a kernel array's results to make the picture of; empty: it is rendered
  bool help = false;
};

// The error is one line that names the option.
tl::expected<Options, std::string> ParseOptions(int argc, const char* const* argv);
std::string HelpText(const std::string& usage);

}  // namespace render
