// The core's hot paths, one at a time. Where a step has to be undone for the next, the clock is stopped by
// hand.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>
#include <utility>

#include "bench/core/core_driver.h"
#include "scheduler/core/dependency_eval.h"

namespace bsub::bench {
namespace {

using Clock = std::chrono::steady_clock;

double Seconds(Clock::time_point from) { return std::chrono::duration<double>(Clock::now() - from).count(); }

// So many jobs wait, and one node of one slot is busy.
class BusyNode {
 public:
  explicit BusyNode(std::int64_t waiting) {
    while (seed_ < static_cast<std::uint64_t>(waiting)) SubmitOne();
    driver_.AddNodes(1, 1);
  }
  void SubmitOne() { driver_.Submit(SmallJob(++seed_, settings_)); }
  void PlaceOne() { driver_.Cycle(); }
  void FinishOne() { driver_.Finish(std::exchange(driver_.running(), {}).front()); }

 private:
  CoreDriver driver_;
  std::shared_ptr<const JobSettings> settings_ = SharedSettings();
  std::uint64_t seed_ = 0;
};

void SubmitHandled(benchmark::State& state) {
  CoreDriver driver;
  const auto settings = SharedSettings();
  std::uint64_t seed = 0;
  while (seed < static_cast<std::uint64_t>(state.range(0))) driver.Submit(SmallJob(++seed, settings));
  for (auto _ : state) driver.Submit(SmallJob(++seed, settings));
}
BENCHMARK(SubmitHandled)->Arg(1'000)->Arg(1'000'000)->Iterations(20'000);

void CyclePlacesOne(benchmark::State& state) {
  BusyNode node(state.range(0));
  for (auto _ : state) {
    const auto start = Clock::now();
    node.PlaceOne();
    state.SetIterationTime(Seconds(start));
    node.FinishOne();
    node.SubmitOne();
  }
}
BENCHMARK(CyclePlacesOne)->Arg(1'000)->Arg(1'000'000)->Iterations(20'000)->UseManualTime();

void StartedAndEndedHandled(benchmark::State& state) {
  BusyNode node(state.range(0));
  for (auto _ : state) {
    node.PlaceOne();
    const auto start = Clock::now();
    node.FinishOne();
    state.SetIterationTime(Seconds(start));
    node.SubmitOne();
  }
}
BENCHMARK(StartedAndEndedHandled)->Arg(1'000)->Arg(1'000'000)->Iterations(20'000)->UseManualTime();

// All 64-child words of a million children that each wait for theirs.
void DependencyNToN(benchmark::State& state) {
  constexpr std::size_t kChildren = 1'000'000;
  CoreDriver driver;
  JobSpec first = SmallJob(1, SharedSettings()), second = SmallJob(2, SharedSettings());
  first.array = ParseArraySpec("0-999999").value();
  second.array = ParseArraySpec("0-999999").value();
  const JobId parent = driver.Submit(std::move(first));
  second.dependency = ParseDependency("done(" + std::to_string(parent.value()) + "[*])").value();
  const JobId child = driver.Submit(std::move(second));
  const sched::State& cluster = driver.scheduler().state();
  const sched::Job& job = *cluster.FindJob(child);
  for (auto _ : state) {
    for (std::size_t word = 0; word * 64 < kChildren; ++word)
      benchmark::DoNotOptimize(EvaluateWord(cluster, job, word));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kChildren));
}
BENCHMARK(DependencyNToN);

}  // namespace
}  // namespace bsub::bench
