#include "cli/connect.h"

#include <utility>

namespace bsub::cli {

Result<Client> Connect(const Context& context) {
  BSUB_ASSIGN_OR_RETURN(Address address, FindAddress(context));
  if (address.local && !HoldsCluster(address.home)) {
    return Unavailable("there is no cluster in " + address.home +
                       " yet; make one with bsub-lite up, or set BSUB_LITE_HOME");
  }
  if (IsDown(address)) return DownError(address);
  return Client::Make(std::move(address));
}

}  // namespace bsub::cli
