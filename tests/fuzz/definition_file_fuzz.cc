// Job definitions in YAML or JSON: never a crash; an error is one line that names the file.
#include <cstdint>
#include <string_view>

#include "cli/definition_file.h"
#include "common/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto definition = bsub::cli::ParseDefinitionFile(text, "file");
  if (definition) {
    BSUB_CHECK(definition->resources().cpu_milli() > 0);
  } else {
    BSUB_CHECK(definition.error().message.starts_with("file:")) << definition.error().message;
    BSUB_CHECK(definition.error().message.find('\n') == std::string::npos) << "a message of two lines";
  }
  return 0;
}
