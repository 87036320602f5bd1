#include "cli/first_cluster.h"

#include <ostream>

#include "cli/commands.h"

namespace bsub::cli {

Status StartFirstCluster(Context& context, const Address& address) {
  const auto& start = context.commands->start_cluster;
  if (!address.local || HoldsCluster(address.home) || !start) return OkStatus();
  context.err << "No cluster in " << address.home << " yet; starting one on this machine." << std::endl;
  return start(address.home, context);
}

}  // namespace bsub::cli
