// #BSUB lines: never a crash; directives stand on growing lines of the script and hold at least one word, an
// option.
#include <cstdint>
#include <string_view>

#include "common/check.h"
#include "jobs/directives.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view script(reinterpret_cast<const char*>(data), size);
  if (const auto directives = bsub::ParseDirectives(script)) {
    int last_line = 0;
    for (const bsub::Directive& directive : *directives) {
      BSUB_CHECK(directive.line > last_line) << directive.line;
      BSUB_CHECK(!directive.words.empty() && directive.words.front().starts_with('-'))
          << "line " << directive.line;
      last_line = directive.line;
    }
  } else {
    BSUB_CHECK(directives.error().message.find('\n') == std::string::npos) << "a message of two lines";
  }
  if (const auto interpreter = bsub::ScriptInterpreter(script)) {
    BSUB_CHECK(!interpreter->empty() && interpreter->front().starts_with('/'));
  }
  return 0;
}
