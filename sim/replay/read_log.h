// A log from a file, plain or compressed by gzip.
#pragma once

#include <string>

#include "common/result.h"

namespace bsub::sim {

// The whole text. NotFound, or DataLoss for damaged compression; both name the file.
Result<std::string> ReadLog(const std::string& path);

}  // namespace bsub::sim
