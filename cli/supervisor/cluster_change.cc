#include "cli/supervisor/cluster_change.h"

#include <sched.h>
#include <unistd.h>

#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cli {
namespace {

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
  return wanted;
}

bool Same(const ClusterFile& a, const ClusterFile& b) {
  return a.nodes == b.nodes && a.cpu_milli == b.cpu_milli && a.mem_bytes == b.mem_bytes &&
         a.config == b.config;
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
  return Count(cluster.nodes, "node", "nodes") + " with " + FormatCpus(cluster.cpu_milli) +
         (cluster.cpu_milli == 1000 ? " CPU and " : " CPUs and ") + FormatBytes(cluster.mem_bytes) +
         (cluster.nodes == 1 ? "" : " each");
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
  if (change.cluster.nodes < existing->nodes) {
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
