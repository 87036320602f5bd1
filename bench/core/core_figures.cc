// What the core costs in time and memory as work grows; each figure is a line of JSON.
//
//   bench-core FIGURE...      array  n-to-n  waiting  cycle  cancel  all
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
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

// A million children are submitted at once.
void ArrayFigure() {
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

// Child i of the second array waits for child i of the first; all end in random order.
void NToNFigure() {
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

// Tasks started and ended per second while `waiting` jobs wait.
double DispatchRate(CoreDriver& driver, std::uint64_t& seed, int tasks) {
  const auto settings = SharedSettings();
  const auto start = Clock::now();
  int ended = 0;
  while (ended < tasks) {
    driver.Cycle();
    for (const Running& task : std::exchange(driver.running(), {})) {
      driver.Finish(task);
      driver.Submit(SmallJob(++seed, settings));  // as many wait as before
      ++ended;
    }
  }
  return ended / Milliseconds(start) * 1e3;
}

void WaitingFigure() {
  double few = 0;
  for (const std::uint64_t waiting : {1'000u, 10'000u, 100'000u, 1'000'000u}) {
    CoreDriver driver;
    const auto settings = SharedSettings();
    const std::int64_t before = LiveBytes();
    std::uint64_t seed = 0;
    const auto start = Clock::now();
    while (seed < waiting) driver.Submit(SmallJob(++seed, settings));
    const double ms = Milliseconds(start);
    const std::int64_t bytes = LiveBytes() - before;
    driver.AddNodes(8, 8);
    const double rate = DispatchRate(driver, seed, 20'000);
    if (few == 0) few = rate;
    std::printf(
        "{\"figure\": \"waiting\", \"waiting\": %llu, \"bytes_per_job\": %.0f, \"submits_per_second\": %.0f, "
        "\"dispatches_per_second\": %.0f, \"of_1000\": %.2f}\n",
        static_cast<unsigned long long>(waiting), static_cast<double>(bytes) / static_cast<double>(waiting),
        static_cast<double>(waiting) / ms * 1e3, rate, rate / few);
  }
}

// Jobs of many shapes fill nodes; then a few tasks end and one cycle puts others in their place, again and
// again.
void CycleFigure() {
  constexpr int kShapes = 1000, kCycles = 500, kEndsPerCycle = 10;
  for (const auto& [nodes, waiting] :
       {std::pair{10, 10'000}, {100, 100'000}, {1'000, 1'000'000}, {10'000, 1'000'000}}) {
    CoreDriver driver;
    driver.AddNodes(nodes, 64);
    std::vector<std::shared_ptr<const JobSettings>> shapes;
    for (int i = 0; i < kShapes; ++i)
      shapes.push_back(SharedSettings(1000 * (1 + i % 50) + i / 50, std::chrono::minutes(10 + i % 97)));
    std::mt19937_64 random(7);
    for (int i = 0; i < waiting; ++i)
      driver.Submit(SmallJob(static_cast<std::uint64_t>(i) + 1, shapes[random() % shapes.size()]));
    for (std::size_t before = 1; before != driver.running().size();) {
      before = driver.running().size();
      driver.Cycle(10'000);
    }
    std::vector<double> times;
    for (int cycle = 0; cycle < kCycles; ++cycle) {
      for (int i = 0; i < kEndsPerCycle && !driver.running().empty(); ++i) {
        std::vector<Running>& running = driver.running();
        std::swap(running[random() % running.size()], running.back());
        const Running task = running.back();
        running.pop_back();
        driver.Finish(task);
      }
      const auto start = Clock::now();
      driver.Cycle();
      times.push_back(Milliseconds(start));
    }
    std::printf(
        "{\"figure\": \"cycle\", \"nodes\": %d, \"jobs\": %d, \"shapes\": %d, \"running\": %zu, \"p50_ms\": "
        "%.3f, "
        "\"p99_ms\": %.3f, \"max_ms\": %.3f}\n",
        nodes, waiting, kShapes, driver.running().size(), Quantile(times, 0.5), Quantile(times, 0.99),
        Quantile(times, 1.0));
  }
}

void CancelFigure() {
  CoreDriver driver;
  const auto settings = SharedSettings();
  sched::Control cancel{sched::ReplyTo(1), settings->owner, sched::ControlAction::kCancel, {}, "", 0};
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed)
    cancel.targets.push_back({driver.Submit(SmallJob(seed, settings)).value(), std::nullopt});
  const auto start = Clock::now();
  driver.Handle(std::move(cancel));
  std::printf("{\"figure\": \"cancel\", \"jobs\": 20000, \"ms\": %.1f}\n", Milliseconds(start));
}

}  // namespace
}  // namespace bsub::bench

int main(int argc, char** argv) {
  const std::map<std::string_view, std::function<void()>> figures = {{"array", bsub::bench::ArrayFigure},
                                                                     {"n-to-n", bsub::bench::NToNFigure},
                                                                     {"waiting", bsub::bench::WaitingFigure},
                                                                     {"cycle", bsub::bench::CycleFigure},
                                                                     {"cancel", bsub::bench::CancelFigure}};
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "all") {
      for (const auto& [name, figure] : figures) figure();
    } else if (const auto it = figures.find(argv[i]); it != figures.end()) {
      it->second();
    } else {
      argc = 1;
      break;
    }
    std::fflush(stdout);
  }
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench-core FIGURE...; one of: all");
    for (const auto& [name, figure] : figures) std::fprintf(stderr, " %s", std::string(name).c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  return 0;
}
