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
  int threads = 0;             // 0: as many as it may run on
  std::string output = "render.png";
  bool help = false;
};

// The error is one line that names the option.
tl::expected<Options, std::string> ParseOptions(int argc, const char* const* argv);
std::string HelpText(const std::string& usage);

}  // namespace render
