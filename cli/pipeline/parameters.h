// ${name} in a pipeline's strings.
//
// ${name} is replaced by the parameter; $${name} is written as ${name} for the shell; ${BSUB_…} is left
// alone, for those variables exist only where the task runs; so is every other use of '$', such as $x,
// ${x%.gz} or $(date).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bsub::cli {

// A letter or '_', then letters, digits or '_'.
bool IsParameterName(std::string_view name);

struct Substituted {
  std::string text;
  std::vector<std::string> undefined;  // names without a value, left as they were
};

Substituted FillIn(std::string_view text, const std::map<std::string, std::string>& parameters);

}  // namespace bsub::cli
