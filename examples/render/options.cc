#include "examples/render/options.h"

#include <boost/program_options.hpp>
#include <sstream>

namespace render {
namespace {

namespace po = boost::program_options;

constexpr std::uint32_t kLargestSide = 32768;  // width times height fits the 32 bits of a pixel's number

po::options_description Describe(Options& options) {
  po::options_description all("Options");
  Film& film = options.film;
  // clang-format off
  all.add_options()
      ("width", po::value(&film.width)->value_name("PIXELS")->default_value(film.width), "of the picture, 1 to 32768")
      ("height", po::value(&film.height)->value_name("PIXELS")->default_value(film.height), "of the picture, 1 to 32768")
      ("samples", po::value(&options.samples)->value_name("N")->default_value(options.samples), "light paths for each pixel; noise falls with their square root")
      ("frame", po::value(&film.frame)->value_name("N")->default_value(film.frame), "which picture of the film, from 0")
      ("frames", po::value(&film.frames)->value_name("N")->default_value(film.frames), "pictures of the whole film")
      ("seed", po::value(&film.seed)->value_name("N")->default_value(film.seed), "another seed makes another scene")
      ("report", po::value(&options.report)->value_name("N")->default_value(options.report), "say \"sample K\" after each N samples; 0: never")
      ("threads", po::value(&options.threads)->value_name("N")->default_value(options.threads), "0: one for each CPU it may use")
      ("output,o", po::value(&options.output)->value_name("FILE")->default_value(options.output), "the PNG file to write")
      ("from-tiles", po::value(&options.tiles)->value_name("DIR"), "make the picture of what an array with the kernel libtiles.so:render_tile has stored there, with the same --width, --height and --frames")
      ("help,h", po::bool_switch(&options.help), "show this");
  // clang-format on
  return all;
}

std::string OutOfRange(const char* option, std::int64_t value, const std::string& expected) {
  return std::string("--") + option + " is " + std::to_string(value) + "; expected " + expected;
}

std::string WhatIsWrong(const Options& options) {
  const Film& film = options.film;
  if (film.width < 1 || film.width > kLargestSide)
    return OutOfRange("width", film.width, "1 to 32768 pixels");
  if (film.height < 1 || film.height > kLargestSide)
    return OutOfRange("height", film.height, "1 to 32768 pixels");
  if (options.samples < 1) return OutOfRange("samples", options.samples, "1 or more");
  if (film.frames < 1) return OutOfRange("frames", film.frames, "1 or more");
  if (film.frame >= film.frames)
    return OutOfRange("frame", film.frame,
                      "0 to " + std::to_string(film.frames - 1) + ", one less than --frames");
  if (options.threads < 0) return OutOfRange("threads", options.threads, "0 or more");
  return "";
}

}  // namespace

tl::expected<Options, std::string> ParseOptions(int argc, const char* const* argv) {
  Options options;
  try {
    const po::options_description all = Describe(options);
    const po::positional_options_description none;
    po::variables_map values;
    po::store(po::command_line_parser(argc, argv).options(all).positional(none).run(), values);
    po::notify(values);
  } catch (const po::error& error) {
    return tl::unexpected(std::string(error.what()) + "; see --help");
  }
  if (std::string wrong = WhatIsWrong(options); !wrong.empty()) return tl::unexpected(wrong);
  return options;
}

std::string HelpText(const std::string& usage) {
  Options options;
  std::ostringstream text;
  text << "usage: " << usage
       << " [OPTION...]\n\nRenders one picture by path tracing. It does not depend, to the last bit, on the "
          "number of\n"
          "threads and ranks nor on the machine. Started again in a job with --checkpoint-dir it goes on "
          "from what was saved\n"
          "(BSUB_CHECKPOINT_DIR).\n\n"
       << Describe(options);
  return text.str();
}

}  // namespace render
