// Which CPUs a task is bound to: whole ones of its own, as long as there are enough that nobody has.
//
// A task that asks for a fraction, or comes when too few are left, is not bound and runs wherever the kernel
// puts it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "worker/core/attempt_key.h"

namespace bsub::spawner {

class CpuBinder {
 public:
  // `usable`: numbers of the CPUs that tasks may have; empty: nobody is bound.
  explicit CpuBinder(std::vector<std::uint32_t> usable) : free_(usable.begin(), usable.end()) {}

  // The lowest free ones; empty: no binding. They stay taken until Give.
  std::vector<std::uint32_t> Take(const worker::AttemptKey& key, std::int64_t cpu_milli);
  void Give(const worker::AttemptKey& key);

 private:
  std::set<std::uint32_t> free_;
  std::map<worker::AttemptKey, std::vector<std::uint32_t>> taken_;
};

// Those that this process may run on.
std::vector<std::uint32_t> OwnCpus();

}  // namespace bsub::spawner
