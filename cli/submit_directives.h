// #BSUB lines of a script as options of `submit`: ours as they are, and the spellings of LSF's bsub that
// scripts use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"
#include "common/result.h"

namespace bsub::cli {

// The words of one line, with LSF's spellings replaced by ours: {"-W", "1:30"} becomes {"--time", "5400s"}.
// Where a letter means something in both, ours holds; docs/cli.md lists them.
Result<std::vector<std::string>> TranslateLsfWords(const std::vector<std::string>& words);

// All options that the script's #BSUB lines give. Errors name the line.
Result<Arguments> DirectiveArguments(const Manual& manual, std::string_view script);

// `over` wins. What may be given many times is joined, the script's first.
Arguments Merge(const Arguments& script, const Arguments& over);

}  // namespace bsub::cli
