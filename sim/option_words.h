// The words of a command: flags, options with a value (`--name VALUE` or `--name=VALUE`), and others.
#pragma once

#include <functional>
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

}  // namespace bsub::sim
