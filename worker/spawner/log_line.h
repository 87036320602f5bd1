// The spawner's log: one "key=value" line per event on standard error, which the supervisor keeps.
#pragma once

#include <string_view>

namespace bsub::spawner {

// Prints "spawner: LINE" in one write.
void LogLine(std::string_view line);

}  // namespace bsub::spawner
