#include "cli/up_config.h"

#include "jobs/text.h"
#include "scheduler/cluster_config/load.h"

namespace bsub::cli {

Status TakeConfiguredNodes(std::uint32_t most, UpRequest& request) {
  const std::string& path = request.config.value();
  BSUB_ASSIGN_OR_RETURN(const std::string text, cluster_config::ReadConfigFile(path));
  if (!cluster_config::IsClusterConfig(text)) return OkStatus();
  BSUB_ASSIGN_OR_RETURN(const auto config, cluster_config::LoadClusterConfig(path));
  if (!config.topology) return OkStatus();
  const sched::Topology& topology = *config.topology;
  const std::uint32_t wanted = request.nodes.value_or(topology.node_count());
  if (wanted > topology.node_count()) {
    return InvalidArgument("--nodes " + std::to_string(wanted) + ": " + path + " has " +
                           Count(topology.node_count(), "node", "nodes"));
  }
  if (wanted > most) {
    return InvalidArgument(path + " has " + Count(topology.node_count(), "node", "nodes") + "; at most " +
                           std::to_string(most) +
                           " are started on this machine. Start the first of them with "
                           "--nodes N, or more with --max-local-nodes N");
  }
  for (sched::NodeIndex i = 0; i < wanted; ++i) {
    const sched::InstanceType& type = topology.types()[topology.node(i).type];
    request.named.push_back({topology.node(i).name, type.resources.cpu_milli, type.resources.mem_bytes,
                             type.resources.gpus, type.interruptible});
  }
  return OkStatus();
}

}  // namespace bsub::cli
