// The options that a script's #BSUB lines give to submit: never a crash; what is taken is an option of
// submit, and what is refused says in which line.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "cli/submit_directives.h"
#include "cli/submit_request.h"
#include "common/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const bsub::cli::Manual kManual = bsub::cli::SubmitManual();
  const std::string_view script(reinterpret_cast<const char*>(data), size);
  const auto arguments = bsub::cli::DirectiveArguments(kManual, script);
  if (!arguments) {
    BSUB_CHECK(arguments.error().message.find('\n') == std::string::npos) << "a message of two lines";
    BSUB_CHECK(arguments.error().message.find("line ") != std::string::npos) << arguments.error().message;
    return 0;
  }
  BSUB_CHECK(arguments->words().empty());
  for (const auto& [option, values] : arguments->values()) {
    const bool known =
        option == "help" ||
        std::ranges::find(kManual.options, option, &bsub::cli::Option::name) != kManual.options.end();
    BSUB_CHECK(known && !values.empty()) << option;
  }
  return 0;
}
