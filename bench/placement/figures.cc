#include "bench/placement/figures.h"

#include <algorithm>

namespace bsub::placement {
namespace {

constexpr double kMicro = 1e6;
constexpr double kGiga = 1e-9;

// Of the pair that takes longest, at the smallest or the largest size.
PairTime WorstPair(const Measurements& measured, bool large) {
  const std::vector<std::uint64_t> sizes = SizesOf(measured, "pair");
  const std::uint64_t bytes = sizes.empty() ? 0 : large ? sizes.back() : sizes.front();
  PairTime worst;
  for (const PairTime& pair : PairTimes(measured)) {
    if (pair.bytes == bytes && pair.seconds > worst.seconds) worst = pair;
  }
  return worst;
}

double Latency(const Measurements& measured) { return WorstPair(measured, false).seconds * kMicro; }

double Bandwidth(const Measurements& measured) {
  const PairTime worst = WorstPair(measured, true);
  return worst.seconds > 0 ? static_cast<double>(worst.bytes) / worst.seconds * kGiga : 0;
}

double Together(const Measurements& measured, std::string_view test, bool large) {
  const std::vector<std::uint64_t> sizes = SizesOf(measured, test);
  if (sizes.empty()) return 0;
  return MedianSeconds(measured, test, large ? sizes.back() : sizes.front()) * kMicro;
}

double SmallAllreduce(const Measurements& measured) { return Together(measured, "allreduce", false); }
double LargeAllreduce(const Measurements& measured) { return Together(measured, "allreduce", true); }
double Halo(const Measurements& measured) { return Together(measured, "halo", false); }

// What each rank sends per second while all talk to all.
double Alltoall(const Measurements& measured) {
  const std::vector<std::uint64_t> sizes = SizesOf(measured, "alltoall");
  if (sizes.empty()) return 0;
  const auto others = static_cast<double>(measured.nodes.size() - 1);
  return static_cast<double>(sizes.front()) * others / MedianSeconds(measured, "alltoall", sizes.front()) *
         kGiga;
}

}  // namespace

const std::vector<Figure>& Figures() {
  static const std::vector<Figure> kFigures = {
      {"latencyUs", "latency", "us", false, Latency},
      {"bandwidthGBps", "bandwidth", "GB/s", true, Bandwidth},
      {"allreduceSmallUs", "allreduce 8 B", "us", false, SmallAllreduce},
      {"allreduceLargeUs", "allreduce 2 MiB", "us", false, LargeAllreduce},
      {"alltoallGBps", "alltoall", "GB/s", true, Alltoall},
      {"haloUs", "halo", "us", false, Halo},
  };
  return kFigures;
}

}  // namespace bsub::placement
