// A day's work for a large cluster, drawn at random: equal options give equal days.
//
//   arrivals   independent, with a daily cycle: the rate is 1 + sin(2π (t - 8 h) / 24 h) / 2 of the mean, so
//              that it is highest at 14 h and lowest at 2 h
//   users      1000; user number 1000 · u² for a uniform u, so that a tenth of them submits a third of all
//   kinds      each user has eight applications; an application always asks for the same:
//              nodes   94 % one; else 2, 4, … 64, each half as likely as the one before
//              CPUs    on one node 1 (25 %), 2, 4, … half a node (60 % in equal parts), or all of it (15 %);
//                      on several all of each; and 1 GiB of memory with each CPU
//   run times  log-normal: around the application's median with sigma 0.7, which itself is log-normal with
//              sigma 1.2; all are scaled so that the day's work is the wanted part of the cluster's CPU time,
//              and lie between 1 s and 12 h
//   limits     the run time times an overestimate of the application's, 1.1 to 5, rounded up to 5, 10, 15,
//              30 or 45 minutes or 1, 2, 4, 8, 12 or 24 hours
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bsub::sim {

struct DayOptions {
  std::size_t jobs = 1'000'000;
  std::uint64_t seed = 1;
  std::int64_t load_percent = 75;  // of the cluster's CPU time
  std::int64_t nodes = 0;          // of the cluster
  std::int64_t node_cpus = 0;      // of each
};

// Times in whole seconds.
struct DayJob {
  std::int64_t submit = 0;  // since midnight
  std::int64_t run = 0;
  std::int64_t limit = 0;
  std::uint32_t nodes = 1;
  std::uint32_t cpus = 1;  // on each of them
  std::uint32_t user = 0;
};

inline constexpr std::int64_t kDaySeconds = 86'400;

// In the order of submits. `nodes` and `node_cpus` are at least 1.
std::vector<DayJob> MakeDay(const DayOptions& options);

}  // namespace bsub::sim
