// Workload logs: any text is read without a crash, and what is accepted can be replayed.
#include <cstdint>
#include <string_view>

#include "common/check.h"
#include "sim/replay/swf.h"
#include "sim/replay/workload.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const bsub::sim::SwfLog log = bsub::sim::ParseSwf({reinterpret_cast<const char*>(data), size});
  BSUB_CHECK(log.bad_lines.size() <= bsub::sim::kMostBadLines) << log.bad_lines.size();
  const auto workload = bsub::sim::Normalise(log, log.max_processors > 0 ? 0 : 64);
  if (!workload) return 0;
  std::int64_t last = 0;
  for (const bsub::sim::WorkloadJob& job : workload->jobs) {
    BSUB_CHECK(job.submit >= last && job.run > 0 && job.run <= job.estimate) << job.submit;
    BSUB_CHECK(job.processors > 0 && job.processors <= workload->processors) << job.processors;
    last = job.submit;
  }
  return 0;
}
