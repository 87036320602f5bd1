#include "worker/step/rank_cpus.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string>

namespace bsub::step {
namespace {

std::optional<std::size_t> ParseNumber(std::string_view digits) {
  std::size_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value);
  if (digits.empty() || error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

std::optional<std::size_t> NumberIn(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? std::nullopt : ParseNumber(text);
}

// The policy that the node chose is none; a job's own counts instead.
bool JobLeavesItToUs() {
  const char* defaults = std::getenv("BSUB_MPI_DEFAULTS");
  const std::string list = "," + std::string(defaults != nullptr ? defaults : "") + ",";
  return list.find(",OMPI_MCA_hwloc_base_binding_policy,") != std::string::npos;
}

// As mpirun's daemon says it: Open MPI's, Hydra's.
std::optional<RankPlace> OwnPlace() {
  auto local = NumberIn("OMPI_COMM_WORLD_LOCAL_RANK");
  if (!local) local = NumberIn("MPI_LOCALRANKID");
  const auto ranks = NumberIn("BSUB_RANKS_PER_NODE"), threads = NumberIn("BSUB_THREADS_PER_RANK");
  if (!local || !ranks || !threads) return std::nullopt;
  return RankPlace{*local, *ranks, *threads};
}

}  // namespace

std::vector<std::size_t> ParseCpus(std::string_view list) {
  std::vector<std::size_t> cpus;
  while (true) {
    const std::string_view number = list.substr(0, list.find(','));
    const auto cpu = ParseNumber(number);
    if (!cpu || *cpu >= CPU_SETSIZE) return {};
    cpus.push_back(*cpu);
    if (number.size() == list.size()) return cpus;
    list.remove_prefix(number.size() + 1);
  }
}

std::vector<std::size_t> CpusOfRank(const std::vector<std::size_t>& task, const RankPlace& place) {
  const std::size_t threads = std::max<std::size_t>(place.threads, 1);
  if (place.ranks > task.size() / threads || place.local_rank >= place.ranks) return {};
  const auto first = task.begin() + static_cast<std::ptrdiff_t>(place.local_rank * threads);
  return {first, first + static_cast<std::ptrdiff_t>(threads)};
}

void BindToOwnCpus() {
  const char* task = std::getenv("BSUB_TASK_CPUS");
  const auto place = OwnPlace();
  if (task == nullptr || !place || !JobLeavesItToUs()) return;
  const std::vector<std::size_t> own = CpusOfRank(ParseCpus(task), *place);
  if (own.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const std::size_t cpu : own) CPU_SET(cpu, &set);
  static_cast<void>(sched_setaffinity(0, sizeof set, &set));  // else it runs on all of the task's
}

}  // namespace bsub::step
