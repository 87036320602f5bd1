// What most commands begin with.
#pragma once

#include "cli/client.h"
#include "cli/context.h"
#include "common/result.h"

namespace bsub::cli {

// A client for the cluster that the environment names. Nothing is sent yet. Unavailable if there is no such
// cluster.
Result<Client> Connect(const Context& context);

}  // namespace bsub::cli
