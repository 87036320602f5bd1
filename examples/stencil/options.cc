#include "examples/stencil/options.h"

#include <boost/program_options.hpp>
#include <sstream>

namespace stencil {
namespace {

namespace po = boost::program_options;

// 2^13 cubed is half a tebibyte of numbers; faces stay within MPI's int counts.
constexpr std::int64_t kLargestSize = 8192;

po::options_description Describe(Options& options) {
  po::options_description all("Options");
  // clang-format off
  all.add_options()
      ("size", po::value(&options.size)->value_name("N")->default_value(options.size), "cells along each side of the cube, 1 to 8192")
      ("steps", po::value(&options.steps)->value_name("N")->default_value(options.steps), "time steps in all, those before a restart included")
      ("threads", po::value(&options.threads)->value_name("N")->default_value(options.threads), "threads of each rank; 0: one for each CPU it may use")
      ("report", po::value(&options.report)->value_name("N")->default_value(options.report), "say \"step K\" after each N steps; 0: never")
      ("result", po::value(&options.result)->value_name("FILE"), "write the result there as JSON")
      ("help,h", po::bool_switch(&options.help), "show this");
  // clang-format on
  return all;
}

template <typename T>
std::string OutOfRange(const char* option, T value, const std::string& expected) {
  return std::string("--") + option + " is " + std::to_string(value) + "; expected " + expected;
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
  if (options.size < 1 || options.size > kLargestSize)
    return tl::unexpected(OutOfRange("size", options.size, "1 to 8192 cells"));
  if (options.steps < 0) return tl::unexpected(OutOfRange("steps", options.steps, "0 or more"));
  if (options.report < 0) return tl::unexpected(OutOfRange("report", options.report, "0 or more"));
  if (options.threads < 0) return tl::unexpected(OutOfRange("threads", options.threads, "0 or more"));
  return options;
}

std::string HelpText() {
  Options options;
  std::ostringstream text;
  text << "usage: [mpirun -n RANKS] stencil [OPTION...]\n\n"
          "Solves the heat equation on a cube with MPI ranks and TBB threads. The result does not depend, to "
          "the last\n"
          "bit, on the number of ranks and threads. Started again in a job with --checkpoint-dir it goes on "
          "from what was\n"
          "saved (BSUB_CHECKPOINT_DIR), on any number of ranks.\n\n"
       << Describe(options);
  return text.str();
}

}  // namespace stencil
