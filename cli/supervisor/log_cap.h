// Logs that do not grow for ever, while their daemons write them.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"

namespace bsub::cli {

// Where what was in a log before it was capped is.
std::string OlderLog(const std::string& path);

// True if the log had more than `most` bytes (0: no limit): what was in it is now in OlderLog(path), in the
// place of what was there before, and the log is empty. The daemon goes on writing to it by the same
// descriptor, opened with O_APPEND. A line that it writes in the instant between copy and cut may be lost. If
// nothing could be copied (a full disk) the log stays as it is.
Result<bool> CapLog(const std::string& path, std::int64_t most);

}  // namespace bsub::cli
