// How much memory this program holds by operator new: malloc's own sizes, rounding included.
#pragma once

#include <cstdint>

namespace bsub::bench {

std::int64_t LiveBytes();
std::int64_t PeakBytes();  // the most since the last ResetPeak
void ResetPeak();

}  // namespace bsub::bench
