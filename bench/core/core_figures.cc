#include "bench/core/core_figures.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "bench/core/core_driver.h"
#include "bench/core/live_bytes.h"

namespace bsub::bench {
namespace {

using Clock = std::chrono::steady_clock;

double Milliseconds(Clock::time_point from) {
  return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
}

double Quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

ArraySpec Array(std::string_view text) {
  auto array = ParseArraySpec(text);
  if (!array) std::fprintf(stderr, "bench-core: %s\n", array.error().message.c_str()), std::exit(1);
  return *std::move(array);
}

// Ends everything that runs, in random order, and starts what can be started.
void DrainInRandomOrder(CoreDriver& driver, std::mt19937_64& random, std::uint32_t slots) {
  while (true) {
    driver.Cycle(slots);
    std::vector<Running>& running = driver.running();
    if (running.empty()) return;
    std::shuffle(running.begin(), running.end(), random);
    const std::size_t keep = running.size() > slots / 2 ? slots / 2 : 0;
    while (running.size() > keep) {
      const Running task = running.back();
      running.pop_back();
      driver.Finish(task);
    }
  }
}

// Tasks started and ended per second while as many jobs wait as before.
double DispatchRate(CoreDriver& driver, std::uint64_t& seed, int tasks) {
  const auto settings = SharedSettings();
  const auto start = Clock::now();
  int ended = 0;
  while (ended < tasks) {
    driver.Cycle();
    for (const Running& task : std::exchange(driver.running(), {})) {
      driver.Finish(task);
      driver.Submit(SmallJob(++seed, settings));
      ++ended;
    }
  }
  return ended / Milliseconds(start) * 1e3;
}

// Each of some more submits, in microseconds.
std::vector<double> SubmitTimes(CoreDriver& driver, std::uint64_t& seed) {
  constexpr int kSubmits = 5'000;
  const auto settings = SharedSettings();
  std::vector<double> times;
  for (int i = 0; i < kSubmits; ++i) {
    JobSpec spec = SmallJob(++seed, settings);
    const auto start = Clock::now();
    driver.Submit(std::move(spec));
    times.push_back(1e3 * Milliseconds(start));
  }
  return times;
}

// A stream of jobs of many shapes.
class Shapes {
 public:
  explicit Shapes(int count) {
    for (int i = 0; i < count; ++i)
      shapes_.push_back(SharedSettings(1000 * (1 + i % 50) + i / 50, std::chrono::minutes(10 + i % 97)));
  }
  void Submit(CoreDriver& driver, int count, std::mt19937_64& random) {
    for (int i = 0; i < count; ++i) driver.Submit(SmallJob(++seed_, shapes_[random() % shapes_.size()]));
  }

 private:
  std::vector<std::shared_ptr<const JobSettings>> shapes_;
  std::uint64_t seed_ = 0;
};

void FinishSome(CoreDriver& driver, int count, std::mt19937_64& random) {
  std::vector<Running>& running = driver.running();
  for (int i = 0; i < count && !running.empty(); ++i) {
    std::swap(running[random() % running.size()], running.back());
    const Running task = running.back();
    running.pop_back();
    driver.Finish(task);
  }
}

}  // namespace

void ArrayFigure(const Sizes&) {
  CoreDriver driver;
  JobSpec spec = SmallJob(1, SharedSettings());
  spec.array = Array("0-999999");
  const std::int64_t before = LiveBytes();
  const auto start = Clock::now();
  driver.Submit(std::move(spec));
  const double ms = Milliseconds(start);
  std::printf("{\"figure\": \"array\", \"children\": 1000000, \"submit_ms\": %.3f, \"bytes\": %lld}\n", ms,
              static_cast<long long>(LiveBytes() - before));
}

void NToNFigure(const Sizes&) {
  constexpr std::uint32_t kSlots = 1000;
  CoreDriver driver;
  driver.AddNodes(1, kSlots);
  const std::int64_t before = LiveBytes();
  JobSpec first = SmallJob(1, SharedSettings());
  first.array = Array("0-999999");
  const JobId parent = driver.Submit(std::move(first));
  JobSpec second = SmallJob(2, SharedSettings());
  second.array = Array("0-999999");
  auto dependency = ParseDependency("done(" + std::to_string(parent.value()) + "[*])");
  if (!dependency) std::fprintf(stderr, "bench-core: %s\n", dependency.error().message.c_str()), std::exit(1);
  second.dependency = *std::move(dependency);
  driver.Submit(std::move(second));
  ResetPeak();
  const auto start = Clock::now();
  std::mt19937_64 random(1);
  DrainInRandomOrder(driver, random, kSlots);
  const double ms = Milliseconds(start);
  std::printf(
      "{\"figure\": \"n-to-n\", \"children\": 2000000, \"peak_bytes\": %lld, \"tasks_per_second\": %.0f}\n",
      static_cast<long long>(PeakBytes() - before), 2e6 / ms * 1e3);
}

void WaitingFigure(const Sizes& sizes) {
  CoreDriver driver;
  const auto settings = SharedSettings();
  const auto waiting = static_cast<std::uint64_t>(sizes.waiting);
  const std::int64_t before = LiveBytes();
  std::uint64_t seed = 0;
  const auto start = Clock::now();
  while (seed < waiting) driver.Submit(SmallJob(++seed, settings));
  const double ms = Milliseconds(start);
  const double bytes = static_cast<double>(LiveBytes() - before);
  const std::vector<double> submits = SubmitTimes(driver, seed);
  driver.AddNodes(sizes.nodes, 8);
  const double rate = DispatchRate(driver, seed, 20'000);
  std::printf(
      "{\"figure\": \"waiting\", \"waiting\": %d, \"nodes\": %d, \"bytes_per_job\": %.0f, "
      "\"submits_per_second\": %.0f, \"submit_p50_us\": %.2f, \"submit_p99_us\": %.2f, "
      "\"dispatches_per_second\": %.0f}\n",
      sizes.waiting, sizes.nodes, bytes / sizes.waiting, sizes.waiting / ms * 1e3, Quantile(submits, 0.5),
      Quantile(submits, 0.99), rate);
}

void CycleFigure(const Sizes& sizes) {
  constexpr int kCycles = 500, kEndsPerCycle = 10;
  CoreDriver driver;
  driver.AddNodes(sizes.nodes, 64);
  std::mt19937_64 random(7);
  Shapes shapes(sizes.shapes);
  shapes.Submit(driver, sizes.waiting, random);
  for (std::size_t before = 1; before != driver.running().size();) {
    before = driver.running().size();
    driver.Cycle(10'000);
  }
  std::vector<double> times;
  for (int cycle = 0; cycle < kCycles; ++cycle) {
    FinishSome(driver, kEndsPerCycle, random);
    shapes.Submit(driver, kEndsPerCycle, random);  // as many wait as before
    const auto start = Clock::now();
    driver.Cycle();
    times.push_back(Milliseconds(start));
  }
  std::printf(
      "{\"figure\": \"cycle\", \"nodes\": %d, \"waiting\": %d, \"shapes\": %d, \"running\": %zu, "
      "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
      sizes.nodes, sizes.waiting, sizes.shapes, driver.running().size(), Quantile(times, 0.5),
      Quantile(times, 0.99), Quantile(times, 1.0));
}

void CancelFigure(const Sizes& sizes) {
  CoreDriver driver;
  const auto settings = SharedSettings();
  sched::Control cancel{sched::ReplyTo(1), settings->owner, sched::ControlAction::kCancel, {}, "", 0};
  for (int seed = 1; seed <= sizes.waiting; ++seed)
    cancel.targets.push_back(
        {driver.Submit(SmallJob(static_cast<std::uint64_t>(seed), settings)).value(), std::nullopt});
  const auto start = Clock::now();
  driver.Handle(std::move(cancel));
  std::printf("{\"figure\": \"cancel\", \"jobs\": %d, \"ms\": %.1f}\n", sizes.waiting, Milliseconds(start));
}

}  // namespace bsub::bench
