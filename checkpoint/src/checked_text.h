// A text with a first line that names its format and holds the checksum of all the rest, so that any changed
// byte shows.
#pragma once

#include <string>
#include <string_view>

#include "checkpoint/src/result.h"

namespace bsub::ckpt {

// {"format":"FORMAT","version":1,"xxh3":"0123456789abcdef"} and a line feed, then `body`.
std::string AddChecksum(std::string_view format, std::string_view body);

// The body; DAMAGED if the first line is not exactly what AddChecksum would have written.
Outcome<std::string_view> CheckChecksum(std::string_view format, std::string_view text);

}  // namespace bsub::ckpt
