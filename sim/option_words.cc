#include "sim/option_words.h"

#include <cstddef>

#include "jobs/units.h"

namespace bsub::sim {

Status ReadOptionWords(const std::vector<std::string>& arguments, const OptionWords& words) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const std::size_t equals = argument.find('=');
    if (const auto flag = words.flags.find(argument); flag != words.flags.end()) {
      *flag->second = true;
    } else if (!argument.starts_with("--")) {
      if (!words.word) return InvalidArgument(argument + ": expected options only; --help shows them all");
      BSUB_RETURN_IF_ERROR(words.word(argument));
    } else if (equals != std::string::npos) {
      BSUB_RETURN_IF_ERROR(words.option(argument.substr(0, equals), argument.substr(equals + 1)));
    } else if (i + 1 == arguments.size()) {
      return InvalidArgument(argument + ": needs a value, or is unknown; --help shows all options");
    } else {
      BSUB_RETURN_IF_ERROR(words.option(argument, arguments[++i]));
    }
  }
  return OkStatus();
}

Result<std::int64_t> PositiveNumber(const std::string& option, const std::string& text, std::int64_t most) {
  return NamedBy(option, ParseInteger(text, 1, most));
}

}  // namespace bsub::sim
