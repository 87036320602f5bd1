// The words of a command: flags, options with a value (`--name VALUE` or `--name=VALUE`), and others.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace bsub::sim {

struct OptionWords {
  std::map<std::string_view, bool*> flags;  // what each sets; --help and -h among them
  std::function<Status(const std::string& option, const std::string& value)> option;
  std::function<Status(const std::string& word)> word = nullptr;  // null: there are options only
};

// InvalidArgument: of the readers, and for a last option without a value.
Status ReadOptionWords(const std::vector<std::string>& arguments, const OptionWords& words);

// 1 to `most`; InvalidArgument names the option.
Result<std::int64_t> PositiveNumber(const std::string& option, const std::string& text,
                                    std::int64_t most = std::numeric_limits<std::int64_t>::max());

// What was read of the option's value; an error names the option.
template <typename T>
Result<T> NamedBy(const std::string& option, Result<T> value) {
  if (value) return value;
  return Error{value.error().code, option + ": " + value.error().message};
}

}  // namespace bsub::sim
