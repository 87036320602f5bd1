// What a job asks of a node and what a node has.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bsub {

// CPU in thousandths of a core, memory in bytes, GPUs as whole devices.
struct Resources {
  std::int64_t cpu_milli = 0;
  std::int64_t mem_bytes = 0;
  std::int32_t gpus = 0;

  bool Fits(const Resources& in) const {
    return cpu_milli <= in.cpu_milli && mem_bytes <= in.mem_bytes && gpus <= in.gpus;
  }
  Resources& operator+=(const Resources& r) {
    cpu_milli += r.cpu_milli, mem_bytes += r.mem_bytes, gpus += r.gpus;
    return *this;
  }
  Resources& operator-=(const Resources& r) {
    cpu_milli -= r.cpu_milli, mem_bytes -= r.mem_bytes, gpus -= r.gpus;
    return *this;
  }
  friend auto operator<=>(const Resources&, const Resources&) = default;
};

// "2 CPUs, 4.0 GiB, 1 GPU": for people.
std::string Describe(const Resources& r);

}  // namespace bsub
