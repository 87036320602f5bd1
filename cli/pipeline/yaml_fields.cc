#include "cli/pipeline/yaml_fields.h"

#include <algorithm>

namespace bsub::cli {

std::vector<YamlField> ReadFields(const YAML::Node& node, std::string_view where,
                                  const std::vector<std::string>& allowed, ProblemList& problems) {
  const cluster_config::Fields fields(node, std::string(where), allowed, problems);
  return fields.all();
}

const YamlField* FindField(const std::vector<YamlField>& fields, std::string_view key) {
  const auto it = std::ranges::find(fields, key, &YamlField::key);
  return it == fields.end() ? nullptr : &*it;
}

std::optional<std::string> ScalarText(const YAML::Node& node, int line, std::string_view where,
                                      ProblemList& problems) {
  auto text = cluster_config::ScalarOf(node, line, std::string(where), problems);
  if (!text || text->find('\0') == std::string::npos) return text;
  problems.Add(line, std::string(where) + ": holds a NUL byte, which no program can be given");
  return std::nullopt;
}

}  // namespace bsub::cli
