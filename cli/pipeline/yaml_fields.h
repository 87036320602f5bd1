// Reading YAML mappings by key, with every problem collected under its line instead of an exception.
#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/pipeline/model.h"

namespace bsub::cli {

class ProblemList {
 public:
  void Add(int line, std::string text);  // control characters become '?'
  // By line, each once (what is wrong in `defaults` is seen by every step).
  std::vector<Problem> Take();

 private:
  std::vector<Problem> problems_;
};

int LineOf(const YAML::Node& node);  // 0 if not known

struct YamlField {
  std::string key;
  int line = 0;
  YAML::Node value;
};

// The fields of a mapping, in order. `allowed` empty: any key. Unknown and repeated ones are left out.
// `where` begins each message: "step 'align'".
std::vector<YamlField> ReadFields(const YAML::Node& node, std::string_view where,
                                  const std::vector<std::string>& allowed, ProblemList& problems);

const YamlField* FindField(const std::vector<YamlField>& fields, std::string_view key);

// A scalar's text; nothing, with a problem, for a list, a mapping or no value at all.
std::optional<std::string> ScalarText(const YAML::Node& node, int line, std::string_view where,
                                      ProblemList& problems);

}  // namespace bsub::cli
