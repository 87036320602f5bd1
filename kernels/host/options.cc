#include "kernels/host/options.h"

#include <sched.h>

#include <boost/program_options.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

namespace bsub::kernels {
namespace {

namespace po = boost::program_options;

constexpr std::uint32_t kMostThreads = 1024;

// Beyond an array's limit of the scheduler: a host may also be run alone.
constexpr ArrayLimits kLimits{4'000'000'000u, 4'294'967'294u};

struct Words {
  std::string array, input, show;
  std::int64_t threads = 0;
  int worker = -1;
  bool describe = false, help = false, json = false;
};

po::options_description Shown(CommandLine& line, Words& words) {
  po::options_description options("Options");
  // clang-format off
  options.add_options()
      ("kernel", po::value(&line.host.kernel)->value_name("LIBRARY:FUNCTION"), "the kernel (bsub/kernel.h)")
      ("array", po::value(&words.array)->value_name("LIST"), "indices of the children, such as 0-999999")
      ("input", po::value(&words.input)->value_name("TEXT|@FILE"), "handed to each call; @FILE: what the file holds")
      ("checkpoint-dir", po::value(&line.host.directory)->value_name("DIR"), "the store of results; default $BSUB_CHECKPOINT_DIR")
      ("threads", po::value(&words.threads)->value_name("N"), "of the worker; default $BSUB_CPUS, else one for each CPU it may use")
      ("max-crashes", po::value(&line.host.max_crashes)->value_name("N")->default_value(line.host.max_crashes), "after that many the array is given up")
      ("show", po::value(&words.show)->value_name("DIR"), "say what is in a store of results, and end")
      ("json", po::bool_switch(&words.json), "with --show: as JSON")
      ("help,h", po::bool_switch(&words.help), "show this");
  // clang-format on
  return options;
}

std::uint32_t CpusToUse() {
  if (const char* given = std::getenv("BSUB_CPUS")) {
    const long cpus = std::strtol(given, nullptr, 10);
    if (cpus > 0 && cpus <= static_cast<long>(kMostThreads)) return static_cast<std::uint32_t>(cpus);
  }
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<std::uint32_t>(CPU_COUNT(&set)) : 1;
}

Result<std::string> InputOf(const std::string& word) {
  if (!word.starts_with('@')) return word;
  std::ifstream file(word.substr(1), std::ios::binary);
  if (!file) return NotFound("--input " + word + ": " + std::strerror(errno));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Status Complete(const Words& words, CommandLine& line) {
  if (words.worker < 0 && words.array.empty())
    return InvalidArgument("--array is missing; such as --array 0-999");
  auto indices = ParseArraySpec(words.array, kLimits);
  if (!indices) return InvalidArgument("--" + indices.error().message);
  line.host.indices = std::move(*indices);
  BSUB_ASSIGN_OR_RETURN(line.host.input, InputOf(words.input));
  if (words.threads < 0 || words.threads > static_cast<std::int64_t>(kMostThreads))
    return InvalidArgument("--threads is " + std::to_string(words.threads) + "; expected 1 to 1024");
  line.host.threads = words.threads > 0 ? static_cast<std::uint32_t>(words.threads) : CpusToUse();
  return OkStatus();
}

}  // namespace

Result<CommandLine> ParseCommandLine(int argc, const char* const* argv) {
  CommandLine line;
  Words words;
  try {
    po::options_description all = Shown(line, words);
    // How a host starts its worker and asks for a kernel's description.
    all.add_options()("worker", po::value(&words.worker))("describe", po::bool_switch(&words.describe));
    const po::positional_options_description none;
    po::variables_map values;
    po::store(po::command_line_parser(argc, argv).options(all).positional(none).run(), values);
    po::notify(values);
  } catch (const po::error& error) {
    return InvalidArgument(std::string(error.what()) + "; see --help");
  }
  using enum CommandLine::Mode;
  line.json = words.json;
  line.store = words.show;
  line.table = words.worker;
  line.mode = words.help            ? kHelp
              : !words.show.empty() ? kShow
              : words.describe      ? kDescribe
              : words.worker >= 0   ? kWorker
                                    : kRun;
  if (line.mode == kHelp || line.mode == kShow) return line;
  if (line.host.kernel.empty())
    return InvalidArgument("--kernel is missing; such as --kernel ./libtiles.so:render_tile");
  if (line.mode != kDescribe) BSUB_RETURN_IF_ERROR(Complete(words, line));
  return line;
}

std::string HelpText() {
  CommandLine line;
  Words words;
  std::ostringstream text;
  text << "usage: bsub-lite-kernel-host --kernel LIBRARY:FUNCTION --array LIST [OPTION...]\n"
          "       bsub-lite-kernel-host --show DIR [--json]\n\n"
          "Calls a function of a shared object once for each index, on all CPUs, and saves the results each "
          "second. Started\n"
          "again it goes on with what is missing. `bsub-lite submit --kernel` runs it as a job.\n\n"
       << Shown(line, words)
       << "\nIt ends with 0 if all children have succeeded, 1 if one has failed or the array could not be "
          "run, 2 after a bad\n"
          "command line.\n";
  return text.str();
}

}  // namespace bsub::kernels
