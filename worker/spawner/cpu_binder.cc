#include "worker/spawner/cpu_binder.h"

#include <sched.h>

#include <iterator>

namespace bsub::spawner {

std::vector<std::uint32_t> CpuBinder::Take(const worker::AttemptKey& key, std::int64_t cpu_milli) {
  constexpr std::int64_t kWhole = 1000;
  if (cpu_milli <= 0 || cpu_milli % kWhole != 0 || taken_.count(key) != 0) return {};
  const auto wanted = static_cast<std::size_t>(cpu_milli / kWhole);
  if (wanted > free_.size()) return {};
  const auto end = std::next(free_.begin(), static_cast<std::ptrdiff_t>(wanted));
  std::vector<std::uint32_t> cpus(free_.begin(), end);
  free_.erase(free_.begin(), end);
  taken_[key] = cpus;
  return cpus;
}

void CpuBinder::Give(const worker::AttemptKey& key) {
  const auto it = taken_.find(key);
  if (it == taken_.end()) return;
  free_.insert(it->second.begin(), it->second.end());
  taken_.erase(it);
}

std::vector<std::uint32_t> OwnCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<std::uint32_t> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace bsub::spawner
