// What drain, resume, `nodes declare-dead` and `nodes remove` share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/client.h"
#include "cli/context.h"

namespace bsub::cli {

// Asks for `action` on each node and prints "Node <n> DONE." for it; the worst result is the exit code.
int SetNodes(Context& context, std::string_view command, const std::vector<std::string>& nodes,
             const std::string& action, const std::string& reason, const std::string& done);

}  // namespace bsub::cli
