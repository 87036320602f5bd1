// A submit as a client sends it: a command with its own arguments, and an environment of 4 KiB in 64
// variables.
#pragma once

#include <cstdint>

#include "api/bsub/v1/scheduler.pb.h"

namespace bsub::bench {

v1::SubmitRequest TypicalSubmit(std::uint64_t seed);

}  // namespace bsub::bench
