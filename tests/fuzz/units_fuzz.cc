// Amounts: never a crash or an overflow, and what was accepted is in range.
#include <cstdint>
#include <string_view>

#include "common/check.h"
#include "jobs/units.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto bytes = bsub::ParseBytes(text)) {
    BSUB_CHECK(*bytes >= 0) << *bytes;
    BSUB_CHECK(!bsub::FormatBytes(*bytes).empty());
  }
  if (const auto bytes = bsub::ParseBytes(text, 1 << 20)) {
    BSUB_CHECK(*bytes >= 0) << *bytes;
  }
  if (const auto duration = bsub::ParseDuration(text)) {
    BSUB_CHECK(duration->count() >= 0) << duration->count();
  }
  if (const auto duration = bsub::ParseDuration(text, std::chrono::minutes(1))) {
    BSUB_CHECK(duration->count() >= 0);
  }
  if (const auto cpus = bsub::ParseCpus(text)) {
    const auto again = bsub::ParseCpus(bsub::FormatCpus(*cpus));
    BSUB_CHECK(again && *again == *cpus) << *cpus;
  }
  const bsub::TimePoint now(1'795'227'480'000'000);
  if (const auto begin = bsub::ParseBeginTime(text, now)) {
    BSUB_CHECK(begin->micros() > 0) << begin->micros();
    const auto again = bsub::ParseBeginTime(bsub::FormatUtc(*begin), now);
    BSUB_CHECK(again && *again == *begin) << bsub::FormatUtc(*begin);
  }
  if (const auto number = bsub::ParseInteger(text, -1000, 1000)) {
    BSUB_CHECK(*number >= -1000 && *number <= 1000);
  }
  return 0;
}
