#include "cli/supervisor/cluster_change.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>

#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

// The nodes of the configuration, with the sizes that were asked for beside it.
void TakeNamed(const UpRequest& request, ClusterFile& wanted) {
  if (!request.named.empty()) wanted.named = request.named;
  if (wanted.named.empty()) return;
  wanted.nodes = static_cast<std::uint32_t>(wanted.named.size());
  for (LocalNode& node : wanted.named) {
    if (request.cpu_milli) node.cpu_milli = *request.cpu_milli;
    if (request.mem_bytes) node.mem_bytes = *request.mem_bytes;
  }
}

ClusterFile Wanted(const std::optional<ClusterFile>& existing, const UpRequest& request,
                   const Machine& machine) {
  ClusterFile wanted = existing.value_or(ClusterFile{});
  const bool resize = !existing || (request.nodes && *request.nodes != existing->nodes);
  if (request.nodes) wanted.nodes = *request.nodes;
  if (!existing) wanted.cpu_milli = machine.cpu_milli;
  if (request.cpu_milli) wanted.cpu_milli = *request.cpu_milli;
  // The nodes share the machine's memory; that they believe in more CPUs than there are does less harm.
  if (resize) wanted.mem_bytes = machine.mem_bytes / wanted.nodes;
  if (request.mem_bytes) wanted.mem_bytes = *request.mem_bytes;
  if (request.config) wanted.config = *request.config;
  TakeNamed(request, wanted);
  return wanted;
}

bool Same(const ClusterFile& a, const ClusterFile& b) {
  return a.nodes == b.nodes && a.cpu_milli == b.cpu_milli && a.mem_bytes == b.mem_bytes &&
         a.config == b.config && a.named == b.named;
}

// A node of `existing` that `wanted` has no more.
std::optional<std::string> LostNode(const ClusterFile& existing, const ClusterFile& wanted) {
  const std::vector<std::string> kept = wanted.NodeNames();
  for (const std::string& name : existing.NodeNames()) {
    if (std::find(kept.begin(), kept.end(), name) == kept.end()) return name;
  }
  return std::nullopt;
}

}  // namespace

Machine ThisMachine() {
  Machine machine;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  if (sched_getaffinity(0, sizeof cpus, &cpus) == 0)
    machine.cpu_milli = CPU_COUNT(&cpus) * std::int64_t{1000};
  machine.mem_bytes = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  return machine;
}

std::string Describe(const ClusterFile& cluster) {
  const std::vector<LocalNode> nodes = cluster.Nodes();
  const bool alike = std::all_of(nodes.begin(), nodes.end(), [&](const LocalNode& node) {
    return node.cpu_milli == nodes.front().cpu_milli && node.mem_bytes == nodes.front().mem_bytes;
  });
  std::int64_t cpu_milli = 0, mem_bytes = 0;
  for (const LocalNode& node : nodes) cpu_milli += node.cpu_milli, mem_bytes += node.mem_bytes;
  if (alike) cpu_milli = nodes.front().cpu_milli, mem_bytes = nodes.front().mem_bytes;
  return Count(cluster.nodes, "node", "nodes") + " with " + FormatCpus(cpu_milli) +
         (cpu_milli == 1000 ? " CPU and " : " CPUs and ") + FormatBytes(mem_bytes) +
         (cluster.nodes == 1 ? ""
          : alike            ? " each"
                             : " in all");
}

Result<ClusterChange> PlanChange(const std::optional<ClusterFile>& existing, bool running,
                                 const UpRequest& request, const Machine& machine) {
  ClusterChange change{.cluster = Wanted(existing, request, machine), .write = !existing, .remark = {}};
  if (!existing || Same(*existing, change.cluster)) return change;
  if (running) {
    const bool config_only = Describe(*existing) == Describe(change.cluster);
    return InvalidArgument("the cluster is up with " + Describe(*existing) + ", not " +
                           (config_only ? "this configuration" : Describe(change.cluster)) +
                           "; nothing was changed. Run bsub-lite down first, then up again");
  }
  if (!existing->named.empty() && request.nodes && request.named.empty()) {
    return InvalidArgument("--nodes: the cluster's nodes are those of " + existing->config +
                           "; name that file again with --config");
  }
  const auto lost = LostNode(*existing, change.cluster);
  if (lost && change.cluster.nodes >= existing->nodes) {
    return InvalidArgument(
        "the cluster has a node " + Quoted(*lost) +
        ", and jobs may belong to it; what is asked for has none of that name. Make another "
        "cluster by setting BSUB_LITE_HOME to another directory");
  }
  if (lost) {
    return InvalidArgument("the cluster has " + Describe(*existing) +
                           ", and jobs may belong to each of them; it can grow, "
                           "but not shrink to " +
                           std::to_string(change.cluster.nodes) +
                           ". Make another one by setting BSUB_LITE_HOME to another directory");
  }
  change.write = true;
  change.remark = "The cluster had " + Describe(*existing) + "; it gets " + Describe(change.cluster) + ".";
  return change;
}

}  // namespace bsub::cli
