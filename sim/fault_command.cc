#include "sim/fault_command.h"

#include <csignal>
#include <cstdint>
#include <ostream>
#include <string_view>

#include "common/result.h"
#include "jobs/units.h"
#include "sim/fault_simulator.h"
#include "sim/option_words.h"

namespace bsub::sim {
namespace {

struct Wish {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  bool many = false;
  bool help = false;
  FaultSimSettings settings;
};

// For a check of the core that aborts in the middle of a run: which run it was. A signal handler has no other
// way to know.
struct Running {
  const FaultSimulator* simulator = nullptr;
  std::string command;
};
Running& TheRunning() {
  static Running running;
  return running;
}

void OnAbort(int) {
  const Running& running = TheRunning();
  if (running.simulator) {
    for (const std::string& line : running.simulator->trace()) std::fprintf(stderr, "%s\n", line.c_str());
    std::fprintf(stderr, "violation: a check of the core failed (above)\nreproduce: %s\n",
                 running.command.c_str());
  }
  std::signal(SIGABRT, SIG_DFL);
}

constexpr std::string_view kHelp =
    "usage: bsub-lite-faultsim [--seed N | --seeds A-B] [--steps M] [--check-every K] [--mutation NAME] "
    "[--verbose]\n"
    "\n"
    "Attacks the scheduler's core with crashes, lost and torn writes, lost, late and repeated messages and\n"
    "vanishing nodes, all drawn from a seed, and checks that it keeps its promises.\n"
    "\n"
    "  --seed N         one run (default 1)\n"
    "  --seeds A-B      one run for each seed, and a summary line\n"
    "  --steps M        inputs to the core before the faults stop (default 600)\n"
    "  --check-every K  walk the core's invariants after every K-th input (default 1)\n"
    "  --mutation NAME  put a bug in, to see it found; `list` shows them\n"
    "  --verbose        print everything that happens\n";

Result<std::uint64_t> Number(std::string_view option, std::string_view text) {
  auto value = ParseInteger(text, 0, INT64_MAX);
  if (!value)
    return InvalidArgument(std::string(option) + " " + std::string(text) + ": expected a whole number");
  return static_cast<std::uint64_t>(*value);
}

Status ReadSeeds(const std::string& text, Wish& wish) {
  const std::size_t dash = text.find('-');
  BSUB_ASSIGN_OR_RETURN(wish.first, Number("--seeds", text.substr(0, dash)));
  BSUB_ASSIGN_OR_RETURN(wish.last,
                        Number("--seeds", dash == std::string::npos ? text : text.substr(dash + 1)));
  if (wish.last < wish.first)
    return InvalidArgument("--seeds " + text + ": the last seed is below the first");
  wish.many = true;
  return OkStatus();
}

Status ReadMutation(const std::string& text, Wish& wish) {
  const auto mutation = ParseMutation(text);
  if (!mutation) {
    std::string names;
    for (const MutationName& known : MutationNames()) names += " " + std::string(known.name);
    return InvalidArgument("--mutation " + text + ": expected one of" + names);
  }
  wish.settings.mutation = *mutation;
  return OkStatus();
}

Status ReadOption(const std::string& option, const std::string& value, Wish& wish) {
  if (option == "--seeds") return ReadSeeds(value, wish);
  if (option == "--mutation") return ReadMutation(value, wish);
  BSUB_ASSIGN_OR_RETURN(const std::uint64_t number, Number(option, value));
  if (option == "--seed") {
    wish.first = wish.last = number;
  } else if (option == "--steps") {
    wish.settings.steps = number;
  } else if (option == "--check-every") {
    wish.settings.check_every = number == 0 ? 1 : number;
  } else {
    return InvalidArgument(option + ": unknown option; --help shows them all");
  }
  return OkStatus();
}

Result<Wish> Read(const std::vector<std::string>& arguments) {
  Wish wish;
  BSUB_RETURN_IF_ERROR(ReadOptionWords(
      arguments,
      {.flags = {{"--verbose", &wish.settings.verbose}, {"--help", &wish.help}, {"-h", &wish.help}},
       .option = [&wish](const std::string& option, const std::string& value) {
         return ReadOption(option, value, wish);
       }}));
  return wish;
}

std::string CommandFor(const FaultSimSettings& settings) {
  std::string command = "bsub-lite-faultsim --seed " + std::to_string(settings.seed) + " --steps " +
                        std::to_string(settings.steps);
  for (const MutationName& known : MutationNames()) {
    if (known.mutation == settings.mutation) command += " --mutation " + std::string(known.name);
  }
  return command + " --verbose";
}

void Print(const FaultSimReport& report, const FaultSimSettings& settings, std::ostream& out) {
  for (const std::string& line : report.last_lines) out << line << "\n";
  out << "violation: " << report.violation << "\nseed " << settings.seed << ", step " << report.step
      << "\nreproduce: " << CommandFor(settings) << std::endl;
}

Tally RunOne(const FaultSimSettings& settings, std::ostream& out) {
  FaultSimulator simulator(settings);
  TheRunning() = {&simulator, CommandFor(settings)};
  const FaultSimReport report = simulator.Run();
  TheRunning() = {};
  if (!report.ok) Print(report, settings, out);
  return report.tally;
}

}  // namespace

int FaultCommand(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  Result<Wish> wish = Read(arguments);
  if (!wish) {
    err << "bsub-lite-faultsim: " << wish.error().message << "\n";
    return 2;
  }
  if (wish->help) {
    out << kHelp;
    return 0;
  }
  std::signal(SIGABRT, OnAbort);
  Tally sum;
  for (std::uint64_t seed = wish->first; seed <= wish->last; ++seed) {
    wish->settings.seed = seed;
    sum += RunOne(wish->settings, out);
    if (wish->many && seed % 1000 == 0) err << "seed " << seed << ", violations " << sum.violations << "\n";
  }
  out << "fault simulator: " << ToString(sum) << std::endl;
  return sum.violations == 0 ? 0 : 1;
}

}  // namespace bsub::sim
