// Shares of a queue: who has used how much of late, and who goes first for it.
//
// A job belongs to the share that it names, else to that of its user. A share's use is CPU time, and an older
// use counts less: half after each half-life. What runs counts from when it was placed, and for one minute at
// once, so that one cycle does not give all there is to one share. The share with the least use times weight
// is served first: as with AWS Batch's share identifiers a lower weight gets more.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "common/time.h"
#include "jobs/job_spec.h"

namespace bsub::sched {

inline constexpr std::int64_t kShareWeightOne = 10'000;  // weights are in ten-thousandths

struct ShareWeight {
  std::string identifier{};  // or a beginning of one, with '*' behind it
  std::int64_t weight = kShareWeightOne;
  friend auto operator<=>(const ShareWeight&, const ShareWeight&) = default;
};

struct FairShare {
  Duration half_life = std::chrono::hours(24);
  // Percent: (reservation / 100) ^ (active shares) of the CPUs stay free for shares that run nothing.
  std::int32_t compute_reservation = 0;
  std::vector<ShareWeight> weights{};  // of shares that are not here: 1
  friend auto operator<=>(const FairShare&, const FairShare&) = default;
};
Status Validate(const FairShare& fair_share);
std::int64_t WeightOf(const FairShare& fair_share, std::string_view share);
// What the share is entitled to beside others: 1 / its weight.
double PartOfShare(const FairShare& fair_share, std::string_view share);

// "gold=0.5" and back.
Result<ShareWeight> ParseShareWeight(std::string_view text);
std::string ToString(const ShareWeight& weight);

// Of (queue, share).
using ShareKey = std::pair<std::string, std::string>;
std::string_view ShareOf(const JobSettings& settings);

// What ended tasks of a share have used, as of `at`.
struct ShareUse {
  std::int64_t cpu_milli_seconds = 0;
  TimePoint at;
  friend bool operator==(const ShareUse&, const ShareUse&) = default;
};
using ShareUses = std::map<ShareKey, ShareUse>;

// In whole numbers, so that every machine comes to the same: halved for each whole half-life, and in a
// straight line between two.
std::int64_t Decayed(std::int64_t use, Duration elapsed, Duration half_life);

// What runs of a share. The sums let its use be known at any moment without looking at the tasks.
struct ShareLoad {
  std::int64_t tasks = 0;
  std::int64_t cpu_milli = 0;
  std::int64_t began = 0;  // sum of CPU times the second of its start
  void Add(std::int64_t cpu, TimePoint since, int sign);
};

// Use so far, decayed, with what runs: in thousandths of a CPU times seconds.
std::int64_t UseAt(const ShareUse& ended, const ShareLoad& running, TimePoint now, Duration half_life);

// How many thousandths of `cpu_milli` stay free with so many active shares.
std::int64_t Reserved(std::int64_t cpu_milli, std::int32_t percent, std::size_t active_shares);

}  // namespace bsub::sched
