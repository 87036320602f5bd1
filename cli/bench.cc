#include "cli/bench.h"

#include <ostream>

#include "cli/client.h"
#include "cli/run_tool.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kBenchTool = "bsub-lite-bench";

std::vector<Option> BenchOptions() {
  return {
      {.name = "config", .value = "FILE", .text = "The cluster's configuration.", .complete = "file"},
      {.name = "nodes", .value = "N", .text = "Of the job: 2 to 64."},
      {.name = "ranks-per-node", .value = "N", .text = "1 to 8.", .fallback = "1"},
      {.name = "out",
       .value = "DIR",
       .text = "Where the report goes; made if it is not there.",
       .fallback = "placement-benchmark",
       .complete = "file"},
      {.name = "draws",
       .value = "N",
       .text = "Different sets of busy nodes; with --real, jobs for each placement.",
       .fallback = "10; 3 with --real"},
      {.name = "busy", .value = "PERCENT", .text = "Nodes that other jobs have.", .fallback = "25"},
      {.name = "seed", .value = "N", .text = "Of the draws.", .fallback = "1"},
      {.name = "partitions", .value = "K", .text = "Of policy partition.", .fallback = "2"},
      {.name = "degrade",
       .value = "NAME=WHAT",
       .text = "Makes the port of a node, or what connects a switch to the one above, worse: a03=25% of its "
               "bandwidth, a-rack2=+20us, or both: a03=25%+20us. May be given several times."},
      {.name = "tolerance",
       .value = "PERCENT",
       .text = "Beyond what its level promises something is called slow.",
       .fallback = "20"},
      {.name = "slow-pairs",
       .value = "PERCENT",
       .text = "Of the pairs of a node, or across the uplink of a switch: if so many are slow it is named; "
               "else they are, one by one.",
       .fallback = "80"},
      {.name = "json", .text = "Print report.json instead of the table."}};
}

std::vector<Option> RealBenchOptions() {
  constexpr std::string_view kGroup = "ON THE CLUSTER ITSELF";
  return {{.name = "real",
           .text = "Run on the running cluster, which is up with FILE: jobs that `submit --mpi` starts, one "
                   "after the other. Excludes --busy, --seed and --degrade.",
           .group = kGroup},
          {.name = "repetitions",
           .value = "N",
           .text = "With --real: each job measures everything N times, and the medians count.",
           .fallback = "5",
           .group = kGroup},
          {.name = "timeout",
           .value = "TIME",
           .text = "With --real: a job that is not over after so long is cancelled.",
           .fallback = "10m",
           .group = kGroup}};
}

Manual BenchManual() {
  Manual manual{
      .name = "bench",
      .summary = "measure what placement is worth",
      .synopsis = {"placement --config FILE --nodes N [--out DIR] [OPTION ...]"},
      .paragraphs =
          {"Places a job of N nodes on the cluster of FILE with each placement policy (cluster, partition, "
           "spread, none), by the scheduler's own functions, while a part of the nodes is busy; runs "
           "examples/netbench on what each got: latency and bandwidth between all pairs, allreduce, "
           "alltoall, halo exchange. Nodes and links that are slower than their level promises are named.",
           "The network is modelled: SimGrid (Debian's libsimgrid-dev) runs the same program on the nodes, "
           "latencies and bandwidths of the file. No cluster needs to run. All policies see the same draws "
           "of busy nodes; a policy that cannot be kept is as good as it gets, and the table says how often. "
           "With --real the program runs on the cluster itself.",
           "DIR gets report.json, pictures (SVG) of what each placement got and of slow nodes and links, and "
           "below runs/ what each run was given and printed. "
           "docs/placement-benchmark.md explains all of it."},
      .options = BenchOptions(),
      .examples = {{"bench placement --config cluster-configs/efa-cluster.yaml --nodes 8 --out report",
                    "The policies beside each other."},
                   {"bench placement --config my.yaml --nodes 8 --degrade n03=50%", "Is it found?"}},
      .exits = {{"1", "SimGrid is missing, or a run failed."},
                {"130",
                 "Interrupted with Ctrl-C or TERM; the job of --real that was waited for is cancelled."}},
      .min_words = 1,
      .max_words = 1,
      .complete_words = "placement",
      .asks_scheduler = false};
  const std::vector<Option> real = RealBenchOptions();
  manual.options.insert(manual.options.end(), real.begin(), real.end());
  return manual;
}

int RunBench(Context& context, const Arguments& arguments) {
  context.out.flush();
  return Fail(context, "bench", RunTool(kBenchTool, BenchToolWords(arguments)));
}

}  // namespace

std::vector<std::string> BenchToolWords(const Arguments& arguments) {
  std::vector<std::string> words = arguments.words();
  for (const auto& [name, values] : arguments.values()) {
    for (const std::string& value : values) words.push_back("--" + name + (value.empty() ? "" : "=" + value));
  }
  return words;
}

Command BenchCommand() {
  return {.name = "bench",
          .heading = "Cluster",
          .summary = "measure what placement is worth",
          .manual = BenchManual,
          .run = RunBench};
}

}  // namespace bsub::cli
