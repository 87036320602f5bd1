// The command line of `stencil`.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>

namespace stencil {

struct Options {
  std::int64_t size = 128;   // cells along each side of the cube
  std::int64_t steps = 100;  // in all, those before a restart included
  int threads = 0;           // of each rank; 0: as many as it may run on
  std::int64_t report = 0;   // a line after each that many steps; 0: none
  std::string result;        // a JSON file to write at the end; empty: none
  bool help = false;
};

// The error is one line that names the option.
tl::expected<Options, std::string> ParseOptions(int argc, const char* const* argv);
std::string HelpText();

}  // namespace stencil
