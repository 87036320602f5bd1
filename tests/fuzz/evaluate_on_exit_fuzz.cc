// Retry rules: what was accepted is a valid strategy and decides about every kind of end.
#include <cstdint>
#include <string_view>

#include "common/check.h"
#include "jobs/retry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rule = bsub::ParseEvaluateOnExit(text);
  if (!rule) {
    BSUB_CHECK(rule.error().message.find('\n') == std::string::npos) << "a message of two lines";
    return 0;
  }
  const bsub::RetryStrategy strategy{.attempts = 2, .evaluate_on_exit = {*rule}};
  BSUB_CHECK(bsub::Validate(strategy));
  for (int kind = 0; kind <= static_cast<int>(bsub::EndKind::kRequeued); ++kind) {
    const bsub::End end{.kind = static_cast<bsub::EndKind>(kind), .code = 1};
    const auto last = bsub::DecideRetry(strategy, end, "node1", 1);
    BSUB_CHECK(!last.why.empty());
    BSUB_CHECK(!last.retry || !last.charged) << "a third attempt of two";
  }
  return 0;
}
