// What became of the children, for people and programs.
#pragma once

#include <string>

#include "common/result.h"
#include "kernels/host/host.h"
#include "kernels/host/result_store.h"

namespace bsub::kernels {

// "1000000 children: 999999 succeeded, 1 failed".
std::string Summary(std::uint64_t children, std::uint64_t finished, std::uint64_t failed);

// The summary, and the first failed children; as JSON all of them.
Result<std::string> TextOf(const StoredResults& results);
Result<std::string> JsonOf(const StoredResults& results);

}  // namespace bsub::kernels
