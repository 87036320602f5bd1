#include "bench/placement/modelled_fabric.h"

#include <unistd.h>

#include "bench/placement/child_process.h"

namespace bsub::placement {
namespace {

// Bandwidths and latencies of the platform are what two ranks see: no factors that were measured on
// somebody's cluster (as SimGrid's default model has), no share of a link for acknowledgements, no window
// that limits a flow (an absurdly large one), no computation.
const std::vector<std::string>& ModelOptions() {
  static const std::vector<std::string> kOptions = {
      "--cfg=network/model:CM02",     "--cfg=network/crosstraffic:no",
      "--cfg=network/TCP-gamma:1e18", "--cfg=smpi/simulate-computation:no",
      "--cfg=smpi/wtime:0",           "--cfg=smpi/host-speed:1Gf",
      "--log=root.thres:warning"};
  return kOptions;
}

// A modelled network has no noise: nothing is gained by more.
constexpr const char* kIterations = "4";

}  // namespace

Result<ModelledFabric> ModelledFabric::Make(const sched::Topology& topology,
                                            std::vector<sim::NetworkFault> faults,
                                            std::uint32_t ranks_per_node, std::string directory) {
  ModelledFabric fabric(topology, std::move(faults), ranks_per_node, std::move(directory));
  fabric.smpirun_ = FindProgram("smpirun");
  if (fabric.smpirun_.empty())
    return FailedPrecondition(
        "smpirun is not on PATH: a modelled network needs SimGrid, Debian's package libsimgrid-dev");
  BSUB_ASSIGN_OR_RETURN(fabric.netbench_, OwnDirectory());
  fabric.netbench_ += "/netbench-smpi";
  if (access(fabric.netbench_.c_str(), X_OK) != 0)
    return FailedPrecondition(fabric.netbench_ +
                              " is missing: bsub-lite was built without SimGrid; install "
                              "libsimgrid-dev and build it again");
  return fabric;
}

Result<Measurements> ModelledFabric::Run(const std::string& name, const std::vector<sched::NodeIndex>& nodes,
                                         const cli::Interrupts& interrupts) const {
  const std::string here = directory_ + "/" + name;
  BSUB_RETURN_IF_ERROR(MakeDirectory(here));
  BSUB_RETURN_IF_ERROR(WriteFile(here + "/platform.xml", sim::PlatformXml(*topology_, nodes, faults_)));
  BSUB_RETURN_IF_ERROR(WriteFile(here + "/hostfile", sim::HostFile(*topology_, nodes, ranks_per_node_)));
  // netbench has no globals that the ranks could not share, so its image need not be copied for each.
  ChildRun child{
      .words = {smpirun_, "-no-privatize", "-np", std::to_string(nodes.size() * ranks_per_node_), "-platform",
                "platform.xml", "-hostfile", "hostfile", netbench_, "--iterations", kIterations},
      .directory = here,
      .output = here + "/netbench.jsonl",
      .errors = here + "/smpirun.log"};
  child.words.insert(child.words.end(), ModelOptions().begin(), ModelOptions().end());
  BSUB_RETURN_IF_ERROR(RunChild(child, &interrupts));
  BSUB_ASSIGN_OR_RETURN(const std::string text, ReadFile(child.output));
  auto measured = ReadNetbench(text);
  if (!measured) return DataLoss(measured.error().message + "; see " + child.output);
  return measured;
}

}  // namespace bsub::placement
