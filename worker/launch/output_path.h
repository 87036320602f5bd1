// Where a task's output goes: the user's path with its fields filled in, or a file in the node's spool.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "worker/core/attempt_key.h"

namespace bsub::worker {

// %J job id, %I array index (0 for a plain job), %A attempt from 1, %% a percent sign; others stay as
// written.
std::string ExpandOutputPath(std::string_view path, const AttemptKey& attempt,
                             std::optional<std::uint32_t> index);

// Below the spawner's state directory: "output/12/0.1.out" for job 12, ordinal 0, attempt 1; ".err" for what
// goes there apart. If the user named a path of their own, a symbolic link to it stands here, so that an
// attempt's output is found from its key alone.
std::string SpoolPath(const AttemptKey& attempt, bool standard_error);

}  // namespace bsub::worker
