// The first `submit` or `run` in a home makes a cluster of this machine.
#pragma once

#include "cli/address.h"
#include "cli/context.h"
#include "common/result.h"

namespace bsub::cli {

// Starts one if `address` is a home that has never held a cluster, and says so on standard error. The starter
// takes the lock itself, so that two that come first make one.
Status StartFirstCluster(Context& context, const Address& address);

}  // namespace bsub::cli
