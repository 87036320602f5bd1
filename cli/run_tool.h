// Programs that belong beside this one and do what it need not link.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace bsub::cli {

// Replaces this process by bsub-lite's program of that name; returns only if that fails.
Error RunTool(std::string_view name, const std::vector<std::string>& words);

}  // namespace bsub::cli
