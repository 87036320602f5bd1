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

bool IsSet(const char* name) {
  const char* text = std::getenv(name);
  return text != nullptr && *text != '\0';
}

// The node chose none. A job's own is not among BSUB_MPI_DEFAULTS, and options of mpirun change its value.
bool PolicyIsOurs() {
  constexpr const char* kPolicy = "OMPI_MCA_hwloc_base_binding_policy";
  const char* policy = std::getenv(kPolicy);
  const char* defaults = std::getenv("BSUB_MPI_DEFAULTS");
  if (policy == nullptr || std::string_view(policy) != "none" || defaults == nullptr) return false;
  return ("," + std::string(defaults) + ",").find("," + std::string(kPolicy) + ",") != std::string::npos;
}

std::vector<std::size_t> AllowedCpus() {
  cpu_set_t set;
  std::vector<std::size_t> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

std::vector<std::size_t> TaskCpus() {
  const char* list = std::getenv("BSUB_TASK_CPUS");
  return list != nullptr ? ParseCpus(list) : std::vector<std::size_t>();
}

// Open MPI's or Hydra's word for it.
std::optional<std::size_t> NumberInEither(const char* open_mpis, const char* hydras) {
  const auto number = NumberIn(open_mpis);
  return number ? number : NumberIn(hydras);
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
  if (place.ranks > task.size() || place.local_rank >= place.ranks) return {};
  const auto begin_of = [&](std::size_t rank) {
    return task.begin() + static_cast<std::ptrdiff_t>(rank * task.size() / place.ranks);
  };
  return {begin_of(place.local_rank), begin_of(place.local_rank + 1)};
}

std::optional<RankPlace> PlaceToBind() {
  const auto local = NumberInEither("OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID");
  const auto ranks = NumberInEither("OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS");
  if (!local || !ranks || ranks != NumberIn("BSUB_RANKS_PER_NODE")) return std::nullopt;
  if (!PolicyIsOurs() || IsSet("HYDRA_BINDING")) return std::nullopt;
  return RankPlace{*local, *ranks};
}

void BindToOwnCpus() {
  const std::vector<std::size_t> task = TaskCpus();
  const auto place = PlaceToBind();
  if (!place || task != AllowedCpus()) return;  // else mpirun's daemon has bound it already
  const std::vector<std::size_t> own = CpusOfRank(task, *place);
  if (own.empty()) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const std::size_t cpu : own) CPU_SET(cpu, &set);
  static_cast<void>(sched_setaffinity(0, sizeof set, &set));  // else it runs on all of the task's
}

}  // namespace bsub::step
