// The nodes of an attempt as a file, one to a line, in the order of their indexes: "NAME ADDRESS". It has no
// limit, as a variable has.
#pragma once

#include <string_view>

namespace bsub::worker {

inline constexpr std::string_view kNodeFileName = "nodes";          // in the attempt's directory
inline constexpr const char* kNodeFileVariable = "BSUB_NODE_FILE";  // its path

}  // namespace bsub::worker
