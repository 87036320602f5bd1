// Dependency expressions: what was accepted is valid, and its canonical text reads back as the same tree.
#include <cstdint>
#include <string_view>

#include "common/check.h"
#include "jobs/dependency.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto tree = bsub::ParseDependency(text);
  if (!tree) {
    BSUB_CHECK(tree.error().message.find('\n') == std::string::npos) << "a message of two lines";
    return 0;
  }
  const auto valid = bsub::Validate(*tree);
  BSUB_CHECK(valid) << valid.error().message;
  const std::string canonical = bsub::ToString(*tree);
  const auto again = bsub::ParseDependency(canonical);
  BSUB_CHECK(again) << canonical << ": " << again.error().message;
  BSUB_CHECK(*again == *tree) << canonical;
  return 0;
}
