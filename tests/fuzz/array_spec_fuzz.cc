// Array specs and job targets: never a crash, and what was accepted has a stable spelling and consistent
// ordinals.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "common/check.h"
#include "jobs/array_spec.h"

namespace {

// Small limits: large arrays take long and teach nothing new.
constexpr bsub::ArrayLimits kLimits{.max_children = 5000, .max_index = 2'147'483'646};

void CheckSpec(std::string_view text) {
  const auto spec = bsub::ParseArraySpec(text, kLimits);
  if (!spec) {
    BSUB_CHECK(spec.error().message.find('\n') == std::string::npos) << "a message of two lines";
    return;
  }
  BSUB_CHECK(spec->size() > 0 && spec->size() <= kLimits.max_children) << spec->size();
  const std::string spelling = spec->ToString();
  const auto again = bsub::ParseArraySpec(spelling, kLimits);
  BSUB_CHECK(again && *again == *spec) << spelling;
  for (std::uint32_t i = 0; i < spec->size(); i += 1 + spec->size() / 64) {
    BSUB_CHECK(spec->OrdinalOf(spec->IndexOf(i)) == i) << spelling << " at " << i;
    BSUB_CHECK(i == 0 || spec->IndexOf(i - 1) < spec->IndexOf(i)) << spelling << " at " << i;
  }
}

void CheckTarget(std::string_view text) {
  const auto target = bsub::ParseJobTarget(text);
  if (!target) return;
  BSUB_CHECK(target->job > 0);
  const auto again = bsub::ParseJobTarget(bsub::ToString(*target));
  BSUB_CHECK(again && *again == *target) << bsub::ToString(*target);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CheckSpec(text);
  CheckTarget(text);
  return 0;
}
