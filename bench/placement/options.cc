#include "bench/placement/options.h"

#include <array>
#include <chrono>
#include <limits>
#include <string_view>

#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::placement {
namespace {

struct NumberOption {
  std::string_view name;
  std::uint32_t Options::*field;
  std::int64_t min, max;
};

constexpr std::array kNumbers = {
    NumberOption{"nodes", &Options::nodes, 2, kMostNodes},
    NumberOption{"ranks-per-node", &Options::ranks_per_node, 1, 8},
    NumberOption{"draws", &Options::draws, 1, 1000},
    NumberOption{"busy", &Options::busy_percent, 0, 100},
    NumberOption{"partitions", &Options::partitions, 1, kMostNodes},
    NumberOption{"tolerance", &Options::tolerance_percent, 1, 1000},
    NumberOption{"slow-pairs", &Options::slow_pairs_percent, 1, 100},
    NumberOption{"repetitions", &Options::repetitions, 1, 1000},
};

Status ReadTimeout(std::string_view value, Options& options) {
  constexpr std::int64_t kMost = 7 * 24 * 3600;  // a week
  const auto read = ParseDuration(value);
  if (!read) return InvalidArgument("--timeout: " + read.error().message);
  const std::int64_t seconds = *read / std::chrono::seconds(1);
  if (seconds < 1 || seconds > kMost)
    return InvalidArgument("--timeout " + Quoted(value) + ": expected from 1s to 7d");
  options.timeout_s = static_cast<std::uint32_t>(seconds);
  return OkStatus();
}

Status ReadOption(std::string_view name, std::string_view value, Options& options) {
  for (const NumberOption& number : kNumbers) {
    if (name != number.name) continue;
    const bool percent =
        (name == "busy" || name == "tolerance" || name == "slow-pairs") && value.ends_with('%');
    const auto read =
        ParseInteger(percent ? value.substr(0, value.size() - 1) : value, number.min, number.max);
    if (!read) return InvalidArgument("--" + std::string(name) + ": " + read.error().message);
    options.*number.field = static_cast<std::uint32_t>(*read);
    return OkStatus();
  }
  if (name == "seed") {
    const auto read = ParseInteger(value, 0, std::numeric_limits<std::int64_t>::max());
    if (!read) return InvalidArgument("--seed: " + read.error().message);
    options.seed = static_cast<std::uint64_t>(*read);
  } else if (name == "config") {
    options.config = value;
  } else if (name == "out") {
    options.out = value;
  } else if (name == "degrade") {
    options.faults.emplace_back(value);
  } else if (name == "json") {
    options.json = true;
  } else if (name == "real") {
    options.real = true;
  } else if (name == "timeout") {
    return ReadTimeout(value, options);
  } else {
    return InvalidArgument("unknown option --" + std::string(name));
  }
  return OkStatus();
}

// Options of the one world in the other would have no effect.
Status CheckWorld(const Options& options, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    if (options.real && (name == "--busy" || name == "--seed" || name == "--degrade"))
      return InvalidArgument(name + " is of the modelled network and excludes --real");
    if (!options.real && (name == "--timeout" || name == "--repetitions"))
      return InvalidArgument(name + " is of real jobs and needs --real");
  }
  return OkStatus();
}

}  // namespace

Result<Options> ReadOptions(const std::vector<std::string>& words) {
  Options options;
  for (const std::string_view word : words) {
    if (!word.starts_with("--")) return InvalidArgument(Quoted(word) + ": expected --NAME=VALUE");
    const std::size_t equals = word.find('=');
    const std::string_view value = equals == std::string_view::npos ? "" : word.substr(equals + 1);
    BSUB_RETURN_IF_ERROR(
        ReadOption(word.substr(2, equals == std::string_view::npos ? equals : equals - 2), value, options));
  }
  BSUB_RETURN_IF_ERROR(CheckWorld(options, words));
  if (options.draws == 0) options.draws = options.real ? kRealDraws : kDraws;
  if (options.config.empty())
    return InvalidArgument("--config: say which cluster, such as --config cluster-configs/efa-cluster.yaml");
  if (options.nodes == 0)
    return InvalidArgument("--nodes: say how many nodes the job has, such as --nodes 8");
  if (options.out.empty()) return InvalidArgument("--out: expected a directory");
  return options;
}

}  // namespace bsub::placement
