// What a submit costs before the core sees it.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/micro/submit_request.h"
#include "scheduler/rpc/payloads.h"
#include "scheduler/rpc/submit_translation.h"

namespace bsub::bench {
namespace {

void Sha256Of4KiB(benchmark::State& state) {
  const std::string bytes(4096, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(rpc::Sha256(bytes));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}
BENCHMARK(Sha256Of4KiB);

void TranslateSubmitRequest(benchmark::State& state) {
  const v1::SubmitRequest request = TypicalSubmit(1);
  const Principal who{.uid = 1000, .gid = 1000, .groups = {1000}, .name = "ada"};
  for (auto _ : state) {
    auto translated = rpc::TranslateSubmit(request, who, nullptr, {}, {});
    if (!translated) state.SkipWithError(translated.error().message.c_str());
    benchmark::DoNotOptimize(translated);
  }
}
BENCHMARK(TranslateSubmitRequest);

}  // namespace
}  // namespace bsub::bench

BENCHMARK_MAIN();
