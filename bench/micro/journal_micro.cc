// Entries and jobs to bytes and back.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/core/core_driver.h"
#include "scheduler/journal/entry_codec.h"
#include "scheduler/journal/snapshot_codec.h"

namespace bsub::bench {
namespace {

// The entries of a submit, a placement, a start and an end.
std::vector<sched::JournalEntry> LifeOfAJob() {
  CoreDriver driver(true);
  driver.AddNodes(1, 1);
  driver.TakeEntries();
  driver.Submit(SmallJob(1, SharedSettings()));
  driver.Cycle();
  driver.Finish(driver.running().front());
  return driver.TakeEntries();
}

void EncodeLifeOfAJob(benchmark::State& state) {
  const std::vector<sched::JournalEntry> entries = LifeOfAJob();
  std::size_t bytes = 0;
  for (auto _ : state) {
    for (const sched::JournalEntry& entry : entries) bytes += journal::EncodeEntry(entry).size();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(entries.size()));
}
BENCHMARK(EncodeLifeOfAJob);

void DecodeLifeOfAJob(benchmark::State& state) {
  std::vector<std::string> encoded;
  for (const sched::JournalEntry& entry : LifeOfAJob()) encoded.push_back(journal::EncodeEntry(entry));
  for (auto _ : state) {
    for (const std::string& bytes : encoded) benchmark::DoNotOptimize(journal::DecodeEntry(bytes));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(encoded.size()));
}
BENCHMARK(DecodeLifeOfAJob);

// Per job: items.
void EncodeSnapshot(benchmark::State& state) {
  constexpr std::uint64_t kJobs = 10'000;
  CoreDriver driver;
  const auto settings = SharedSettings();
  for (std::uint64_t seed = 1; seed <= kJobs; ++seed) driver.Submit(SmallJob(seed, settings));
  std::size_t bytes = 0;
  for (auto _ : state) {
    const Status done = journal::EncodeState(driver.scheduler().state(), {}, [&](std::string_view chunk) {
      bytes += chunk.size();
      return OkStatus();
    });
    if (!done) state.SkipWithError("the state could not be encoded");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kJobs));
}
BENCHMARK(EncodeSnapshot);

}  // namespace
}  // namespace bsub::bench
