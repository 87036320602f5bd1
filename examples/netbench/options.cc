#include "examples/netbench/options.h"

#include <cstdlib>
#include <string_view>

namespace netbench {
namespace {

// Whether `text` is a whole number in [least, most].
bool ReadNumber(const std::string& text, long least, long most, long& number) {
  char* end = nullptr;
  number = std::strtol(text.c_str(), &end, 10);
  return !text.empty() && *end == '\0' && number >= least && number <= most;
}

std::string ReadPair(const std::string& text, Options& options) {
  const std::size_t colon = text.find(':');
  long first = 0, second = 0;
  if (colon == std::string::npos || !ReadNumber(text.substr(0, colon), 0, 1'000'000, first) ||
      !ReadNumber(text.substr(colon + 1), 0, 1'000'000, second) || first == second) {
    return "--pair " + text + ": expected two different ranks, such as 0:7";
  }
  options.first = static_cast<int>(first);
  options.second = static_cast<int>(second);
  return "";
}

std::string ReadOne(std::string_view name, const std::string& value, Options& options) {
  if (name == "pair") return ReadPair(value, options);
  long number = 0;
  const bool count = name == "repeat" || name == "iterations";
  if (!ReadNumber(value, 1, count ? 1'000'000 : 1L << 30, number))
    return "--" + std::string(name) + " " + value + ": expected a whole number from 1";
  if (name == "repeat") options.repetitions = static_cast<int>(number);
  if (name == "iterations") options.iterations = static_cast<int>(number);
  if (name == "largest") options.largest = static_cast<std::size_t>(number);
  if (name == "pair-bytes") options.pair_bytes = static_cast<std::size_t>(number);
  if (name == "block-bytes") options.block_bytes = static_cast<std::size_t>(number);
  return "";
}

bool Known(std::string_view name) {
  for (const char* known : {"pair", "repeat", "iterations", "largest", "pair-bytes", "block-bytes"}) {
    if (name == known) return true;
  }
  return false;
}

}  // namespace

std::string ReadOptions(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help" || word == "-h") return "help";
    const std::string_view name = word.substr(0, 2) == "--" ? word.substr(2) : std::string_view();
    if (!Known(name)) return "unknown option " + std::string(word) + "; --help shows what there is";
    if (i + 1 == argc) return std::string(word) + " needs a value";
    std::string wrong = ReadOne(name, argv[++i], options);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

const char* Usage() {
  return "usage: mpirun netbench [--repeat N] [--iterations N] [--pair A:B] [--largest BYTES]\n"
         "                       [--pair-bytes BYTES] [--block-bytes BYTES]\n\n"
         "Measures the network between the ranks and prints one JSON object per line\n"
         "(examples/netbench/README.md says what is in them).\n\n"
         "  --repeat N           measure everything N times (1)\n"
         "  --iterations N       messages timed together, up to 64 KiB; a quarter of larger ones (20)\n"
         "  --pair A:B           ranks of the ping-pong (of the slowest pair of nodes)\n"
         "  --largest BYTES      of ping-pong and allreduce (4194304)\n"
         "  --pair-bytes BYTES   of the large message between each pair of nodes (4194304)\n"
         "  --block-bytes BYTES  from each to each in alltoall, and of a face of the halo (65536)\n";
}

}  // namespace netbench
