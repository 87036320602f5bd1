#include "sim/day/day_workload.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numbers>

#include "sim/random.h"

namespace bsub::sim {
namespace {

constexpr std::uint32_t kUsers = 1000;
constexpr std::uint32_t kApplications = 8;  // of each user
constexpr std::int64_t kLongestRun = 12 * 3600;
constexpr std::array<std::int64_t, 11> kLimits = {300,  600,   900,   1800,  2700,       3600,
                                                  7200, 14400, 28800, 43200, kDaySeconds};

// In [0, 1).
double Uniform(Random& random) { return static_cast<double>(random.Next() >> 11) * 0x1p-53; }

// Box and Muller's.
double Normal(Random& random) {
  const double radius = std::sqrt(-2 * std::log(1 - Uniform(random)));
  return radius * std::cos(2 * std::numbers::pi * Uniform(random));
}

struct Application {
  std::uint32_t nodes = 1;
  std::uint32_t cpus = 1;
  double log_median = 0;  // of its run times; their unit is scaled later
  double overestimate = 1;
};

std::uint32_t NodesOf(Random& random, std::int64_t most) {
  if (!random.Chance(60)) return 1;
  std::uint32_t nodes = 2;
  while (nodes < 64 && random.Chance(500)) nodes *= 2;
  return std::min(nodes, static_cast<std::uint32_t>(most));
}

std::uint32_t CpusOf(Random& random, std::int64_t of_node) {
  const auto all = static_cast<std::uint32_t>(of_node);
  const std::uint64_t draw = random.Below(100);
  if (draw < 15 || all == 1) return all;
  if (draw < 40 || all < 4) return 1;
  const int most = std::bit_width(all / 2) - 1;  // 2^most is at most half a node
  return 1U << random.Between(1, most);
}

Application MakeApplication(const DayOptions& options, std::uint32_t number) {
  Random random(options.seed * 1'000'003 + number);
  Application app;
  app.nodes = NodesOf(random, options.nodes);
  app.cpus =
      app.nodes > 1 ? static_cast<std::uint32_t>(options.node_cpus) : CpusOf(random, options.node_cpus);
  app.log_median = 1.2 * Normal(random);
  app.overestimate = 1.1 + 3.9 * Uniform(random);
  return app;
}

// By rejection: the density is at most 3/2 of the mean.
std::int64_t DrawSubmit(Random& random) {
  for (;;) {
    const double day = Uniform(random);
    const double rate = 1 + std::sin(2 * std::numbers::pi * (day - 8.0 / 24)) / 2;
    if (Uniform(random) * 1.5 < rate) return static_cast<std::int64_t>(day * kDaySeconds);
  }
}

std::int64_t LimitFor(double seconds) {
  const auto it = std::find_if(kLimits.begin(), kLimits.end(), [seconds](std::int64_t limit) {
    return static_cast<double>(limit) >= seconds;
  });
  return it == kLimits.end() ? kLimits.back() : *it;
}

}  // namespace

std::vector<DayJob> MakeDay(const DayOptions& options) {
  std::vector<Application> applications;
  for (std::uint32_t i = 0; i < kUsers * kApplications; ++i)
    applications.push_back(MakeApplication(options, i));
  Random random(options.seed);
  std::vector<DayJob> jobs(options.jobs);
  std::vector<double> runs, overestimates;
  double work = 0;
  for (DayJob& job : jobs) {
    const double u = Uniform(random);
    job.user = static_cast<std::uint32_t>(kUsers * u * u);
    const Application& app = applications[job.user * kApplications + random.Below(kApplications)];
    job.submit = DrawSubmit(random);
    job.nodes = app.nodes;
    job.cpus = app.cpus;
    runs.push_back(std::exp(app.log_median + 0.7 * Normal(random)));
    overestimates.push_back(app.overestimate);
    work += runs.back() * job.nodes * job.cpus;
  }
  const double wanted = static_cast<double>(options.load_percent) / 100 * kDaySeconds *
                        static_cast<double>(options.nodes * options.node_cpus);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    jobs[i].run = std::clamp<std::int64_t>(std::llround(runs[i] * wanted / work), 1, kLongestRun);
    jobs[i].limit = LimitFor(static_cast<double>(jobs[i].run) * overestimates[i]);
  }
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const DayJob& a, const DayJob& b) { return a.submit < b.submit; });
  return jobs;
}

}  // namespace bsub::sim
