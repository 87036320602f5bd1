// The program behind `bsub-lite bench`, which passes the command line on: the command line client itself
// stays small.
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "bench/placement/child_process.h"
#include "bench/placement/fault_option.h"
#include "bench/placement/modelled_draws.h"
#include "bench/placement/modelled_fabric.h"
#include "bench/placement/options.h"
#include "bench/placement/pictures.h"
#include "bench/placement/report.h"
#include "bench/placement/running_cluster.h"
#include "cli/interrupts.h"
#include "scheduler/cluster_config/load.h"

namespace bsub::placement {
namespace {

constexpr int kFailed = 1, kUsage = 2;  // docs/cli.md, "Exit codes"

// What is compared, and what tells of it.
struct Comparison {
  const Options& options;
  const sched::Topology& topology;
  std::string directory;  // of what each run was given and printed
  const ShowProgress& progress;
  const cli::Interrupts& interrupts;
};

// One line on a terminal that is written over and over; nothing elsewhere.
class ProgressLine {
 public:
  explicit ProgressLine(std::uint32_t draws) : draws_(draws) {}
  ~ProgressLine() { Show(""); }
  void Show(const std::string& text) const {
    if (terminal_) std::cerr << "\r\033[K" << text << std::flush;
  }
  void Show(const std::string& policy, std::uint32_t draw) const {
    Show(policy + ", " + std::to_string(draw + 1) + " of " + std::to_string(draws_));
  }

 private:
  std::uint32_t draws_;
  bool terminal_ = isatty(STDERR_FILENO) == 1;
};

Result<std::string> OutDirectory(const Options& options) {
  std::error_code error;
  std::filesystem::create_directories(options.out, error);
  if (error) return InvalidArgument("--out " + options.out + ": " + error.message());
  return std::filesystem::absolute(options.out).lexically_normal().string();
}

Result<std::vector<sim::NetworkFault>> ReadFaults(const Options& options, const sched::Topology& topology) {
  std::vector<sim::NetworkFault> faults;
  for (const std::string& text : options.faults) {
    BSUB_ASSIGN_OR_RETURN(sim::NetworkFault fault, ParseNetworkFault(text, topology));
    faults.push_back(std::move(fault));
  }
  return faults;
}

Result<std::vector<PolicyRuns>> CompareModelled(const Comparison& c) {
  BSUB_ASSIGN_OR_RETURN(auto faults, ReadFaults(c.options, c.topology));
  BSUB_ASSIGN_OR_RETURN(const auto fabric, ModelledFabric::Make(c.topology, std::move(faults),
                                                                c.options.ranks_per_node, c.directory));
  const auto measure = [&fabric, &c](const std::string& name, const std::vector<sched::NodeIndex>& nodes) {
    return fabric.Run(name, nodes, c.interrupts);
  };
  BSUB_ASSIGN_OR_RETURN(auto draws, ModelledDraws::Make(c.topology, c.options, measure));
  const auto place = [&draws](const std::string& name, const sched::PlacementRequest& request,
                              std::uint32_t draw) { return draws.Run(name, request, draw); };
  return ComparePolicies(c.options, place, c.progress);
}

Result<std::vector<PolicyRuns>> CompareForReal(const Comparison& c) {
  BSUB_ASSIGN_OR_RETURN(const auto cluster,
                        RunningCluster::Make(c.topology, c.options, c.directory, c.interrupts));
  const auto place = [&cluster](const std::string& name, const sched::PlacementRequest& request,
                                std::uint32_t draw) { return cluster.Run(name, request, draw); };
  return ComparePolicies(c.options, place, c.progress);
}

Status Compare(const Options& options, const cli::Interrupts& interrupts) {
  BSUB_ASSIGN_OR_RETURN(const auto config, cluster_config::LoadClusterConfig(options.config));
  if (!config.topology)
    return InvalidArgument("--config " + options.config + ": it has settings only, and no tree of nodes");
  const sched::Topology& topology = *config.topology;
  BSUB_ASSIGN_OR_RETURN(const std::string out, OutDirectory(options));
  const ProgressLine line(options.draws);
  const ShowProgress progress = [&line](const std::string& policy, std::uint32_t draw) {
    line.Show(policy, draw);
  };
  const Comparison comparison{options, topology, out + "/runs", progress, interrupts};
  BSUB_ASSIGN_OR_RETURN(const auto study,
                        options.real ? CompareForReal(comparison) : CompareModelled(comparison));
  line.Show("");
  const Report report{.cluster = config.name,
                      .options = options,
                      .topology = topology,
                      .study = study,
                      .slow = FindSlowParts(topology, study, SlownessOf(options))};
  const std::string json = ReportJson(report);
  BSUB_RETURN_IF_ERROR(WriteFile(out + "/report.json", json));
  for (const Picture& picture : DrawPictures(report))
    BSUB_RETURN_IF_ERROR(WriteFile(out + "/" + picture.name, picture.svg));
  std::cout << (options.json ? json
                             : ReportText(report) + "\n" + options.out +
                                   "/report.json has the details; beside it are the pictures\n");
  return OkStatus();
}

int Fail(const Error& error) {
  std::cerr << "bsub-lite bench: " << error.message << std::endl;
  if (error.code == Code::kCancelled) return cli::kExitInterrupted;
  return error.code == Code::kInvalidArgument || error.code == Code::kNotFound ? kUsage : kFailed;
}

int Main(const std::vector<std::string>& words) {
  if (words.empty() || words.front() != "placement")
    return Fail(InvalidArgument("say what to measure: placement; bsub-lite bench --help has the manual"));
  const auto options = ReadOptions({words.begin() + 1, words.end()});
  if (!options) return Fail(options.error());
  const cli::Interrupts interrupts;
  if (const Status compared = Compare(*options, interrupts); !compared) return Fail(compared.error());
  std::cout.flush();
  return std::cout ? 0 : Fail(Internal("standard output cannot be written"));
}

}  // namespace
}  // namespace bsub::placement

int main(int argc, char** argv) { return bsub::placement::Main({argv + 1, argv + argc}); }
