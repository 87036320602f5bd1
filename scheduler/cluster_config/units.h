// Latencies and bandwidths as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/result.h"

namespace bsub::cluster_config {

// "300ns", "1.5us", "2ms", "1s" -> nanoseconds, at least 1. The unit must be there.
Result<std::int64_t> ParseLatency(std::string_view text);
// "100Gbit/s", "12.5GB/s", "1GiB/s" -> bytes per second, at least 1. The unit must be there; k, M, G, T are
// powers of 1000, Ki, Mi, Gi, Ti of 1024.
Result<std::int64_t> ParseBandwidth(std::string_view text);

// "3.888" -> millionths.
Result<std::int64_t> ParsePriceMicros(std::string_view text);

std::string FormatLatency(std::int64_t nanoseconds);         // "1.5us": reads back to the same
std::string FormatBandwidth(std::int64_t bytes_per_second);  // "100Gbit/s": reads back to the same

}  // namespace bsub::cluster_config
