// Texts that a user names: scripts, definitions, lists of variables. What is no file (/dev/zero, a pipe that
// never ends) must not fill this machine's memory.
#pragma once

#include <cstddef>
#include <istream>
#include <string>

#include "common/result.h"

namespace bsub::cli {

// The most that a cluster can be told to take in one message (rpc.max_message_bytes), so nothing larger could
// be submitted.
inline constexpr std::size_t kMostTextBytes = std::size_t{256} << 20;

// All of the stream. `what` opens the message if it is too much: "script \"run.sh\"".
Result<std::string> ReadText(const std::string& what, std::istream& in, std::size_t most = kMostTextBytes);
// The same of the file `path`; "what: No such file or directory" if it cannot be read.
Result<std::string> ReadTextFile(const std::string& what, const std::string& path,
                                 std::size_t most = kMostTextBytes);

}  // namespace bsub::cli
