// What drain, resume, `nodes declare-dead` and `nodes remove` share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/client.h"
#include "cli/context.h"
#include "common/time.h"

namespace bsub::cli {

struct NodeChange {
  std::string action;
  std::string reason;
  std::string done;                    // "is drained"
  std::optional<Duration> deadline{};  // from now on
  bool json = false;
};

// Asks for it on each node and prints "Node <n> DONE." for it, or all as one array of {name, done, error};
// the worst result is the exit code.
int SetNodes(Context& context, std::string_view command, const std::vector<std::string>& nodes,
             const NodeChange& change);

}  // namespace bsub::cli
