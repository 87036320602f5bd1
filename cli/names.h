// Nearest matches for mistyped names of queues and nodes.
#pragma once

#include <string>
#include <vector>

#include "cli/client.h"
#include "cli/context.h"
#include "common/result.h"

namespace bsub::cli {

// `error`, with the nearest known name if it is a NotFound that does not give one yet. Asks the scheduler for
// the names; if that fails the error stays as it is.
Error WithQueueHint(Client& client, Error error, const std::string& name);
Error WithNodeHint(Client& client, Error error, const std::string& name);

// NotFound with the nearest name unless there is a queue called `name`. `queues set` must not make one by
// accident.
Status RequireQueue(const Context& context, const std::string& name);

// Of "a,b" and "c", each given once: a, b, c.
std::vector<std::string> SplitNames(const std::vector<std::string>& given);

}  // namespace bsub::cli
