#include "sim/day/day_command.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <ostream>
#include <string_view>
#include <utility>

#include "jobs/text.h"
#include "scheduler/cluster_config/load.h"
#include "sim/day/day_report.h"
#include "sim/day/day_run.h"
#include "sim/option_words.h"
#include "sim/replay/progress.h"

namespace bsub::sim {
namespace {

constexpr std::string_view kUsage =
    "usage: bsub-lite sim day --config FILE [--jobs N] [--load PERCENT] [--policy NAME] [--seed N] [--json]\n"
    "\n"
    "Runs a day's work, drawn at random, through the scheduler's core, on the nodes of a cluster\n"
    "configuration with their places in its tree, and says how long that took and how much memory.\n"
    "\n"
    "  --config FILE    a cluster configuration, such as cluster-configs/large.yaml\n"
    "  --jobs N         submitted over the day (default 1000000)\n"
    "  --load PERCENT   of the cluster's CPU time, that they use together (default 75)\n"
    "  --policy NAME    as of sim replay; not those that know run times (default easy)\n"
    "  --seed N         another one is another day (default 1)\n"
    "  --json           print the result as one JSON object\n";

struct DayWish {
  std::string config;
  DayOptions day;
  ReplayPolicy policy;
  bool json = false, help = false;
};

Status ReadDayOption(const std::string& option, const std::string& value, DayWish& wish) {
  constexpr std::int64_t kMostJobs = 5'000'000;  // the core's own limit
  constexpr std::int64_t kMostLoad = 1000;
  if (option == "--config") {
    wish.config = value;
  } else if (option == "--jobs") {
    BSUB_ASSIGN_OR_RETURN(const std::int64_t jobs, PositiveNumber(option, value, kMostJobs));
    wish.day.jobs = static_cast<std::size_t>(jobs);
  } else if (option == "--load") {
    BSUB_ASSIGN_OR_RETURN(wish.day.load_percent, PositiveNumber(option, value, kMostLoad));
  } else if (option == "--seed") {
    BSUB_ASSIGN_OR_RETURN(const std::int64_t seed, PositiveNumber(option, value));
    wish.day.seed = static_cast<std::uint64_t>(seed);
  } else if (option == "--policy") {
    BSUB_ASSIGN_OR_RETURN(wish.policy, FindReplayPolicy(value));
    if (wish.policy.perfect)
      return InvalidArgument("--policy " + Quoted(value) +
                             ": it takes run times for limits; expected another");
  } else {
    return InvalidArgument(option + ": unknown option; --help shows them all");
  }
  return OkStatus();
}

Result<DayWish> ReadDayWish(const std::vector<std::string>& arguments) {
  DayWish wish;
  BSUB_ASSIGN_OR_RETURN(wish.policy, FindReplayPolicy("easy"));
  BSUB_RETURN_IF_ERROR(ReadOptionWords(
      arguments, {.flags = {{"--json", &wish.json}, {"--help", &wish.help}, {"-h", &wish.help}},
                  .option = [&wish](const std::string& option, const std::string& value) {
                    return ReadDayOption(option, value, wish);
                  }}));
  if (wish.config.empty() && !wish.help)
    return InvalidArgument("which cluster? Name its configuration: --config cluster-configs/large.yaml");
  return wish;
}

// What the smallest node has: jobs fit everywhere.
std::int64_t CpusOfNodes(const sched::Topology& topology) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (sched::NodeIndex i = 0; i < topology.node_count(); ++i)
    least = std::min(least, topology.types()[topology.node(i).type].resources.cpu_milli / 1000);
  return least;
}

Status RunDayCommand(DayWish wish, std::ostream& out, std::ostream& err, int columns) {
  BSUB_ASSIGN_OR_RETURN(cluster_config::ClusterConfig config, cluster_config::LoadClusterConfig(wish.config));
  if (!config.topology) return InvalidArgument(wish.config + ": has no nodes; expected a tree of them");
  const auto topology = std::make_shared<const sched::Topology>(std::move(*config.topology));
  wish.day.nodes = topology->node_count();
  wish.day.node_cpus = CpusOfNodes(*topology);
  if (wish.day.node_cpus < 1) return InvalidArgument(wish.config + ": has nodes with less than one CPU");
  const std::vector<DayJob> jobs = MakeDay(wish.day);

  const auto begin = std::chrono::steady_clock::now();
  DayResult result;
  {
    ReplayProgress progress(err, columns, jobs.size());
    result = RunDay(jobs, topology, wish.policy, [&](std::size_t ended) { progress.Show(ended); });
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const DayReport report = MakeDayReport(wish.day, wish.policy, jobs, result, took.count());
  if (wish.json) {
    PrintDayJson(report, out);
  } else {
    PrintDay(report, out);
  }
  return OkStatus();
}

}  // namespace

int DayCommand(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err, int columns) {
  const Result<DayWish> wish = ReadDayWish(arguments);
  if (!wish) {
    err << "bsub-lite sim day: " << wish.error().message << std::endl;
    return 2;
  }
  if (wish->help) {
    out << kUsage << std::flush;
    return 0;
  }
  const Status done = RunDayCommand(*wish, out, err, columns);
  if (done) return 0;
  err << "bsub-lite sim day: " << done.error().message << std::endl;
  return done.error().code == Code::kInvalidArgument ? 2 : 1;
}

}  // namespace bsub::sim
