// Nearest matches for mistyped names of queues and nodes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/client.h"
#include "cli/context.h"
#include "cli/options.h"
#include "common/result.h"

namespace bsub::cli {

// `error`, with the nearest known name if it is a NotFound that does not give one yet. Asks the scheduler for
// the names; if that fails the error stays as it is.
Error WithQueueHint(Client& client, Error error, const std::string& name);
Error WithNodeHint(Client& client, Error error, const std::string& name);

// NotFound with the nearest name unless there is a queue called `name`. `queues set` must not make one by
// accident.
Status RequireQueue(const Context& context, const std::string& name);

// Of an option that names something; empty without it. '' is InvalidArgument: it is a variable that is not
// set, and a job that is meant for a reservation must not run outside it for that, nor all jobs be cancelled
// instead of a queue's.
Result<std::string> NameOf(const Arguments& arguments, std::string_view option);

// Of --OPTION a,b and --OPTION c: a, b, c. An empty name, as of "a," or of a variable that is not set, is
// InvalidArgument: nobody means it, and no name at all is often the whole cluster.
Result<std::vector<std::string>> NamesOf(const Arguments& arguments, std::string_view option);

}  // namespace bsub::cli
