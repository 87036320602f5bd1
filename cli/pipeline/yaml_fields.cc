#include "cli/pipeline/yaml_fields.h"

#include <algorithm>
#include <map>
#include <utility>

#include "jobs/nearest.h"
#include "jobs/text.h"

namespace bsub::cli {

void ProblemList::Add(int line, std::string text) {
  std::replace_if(text.begin(), text.end(), IsControl, '?');
  problems_.push_back({line, std::move(text)});
}

std::vector<Problem> ProblemList::Take() {
  std::stable_sort(problems_.begin(), problems_.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  std::vector<Problem> out;
  for (Problem& problem : problems_) {
    if (std::find(out.rbegin(), out.rend(), problem) == out.rend()) out.push_back(std::move(problem));
  }
  problems_.clear();
  return out;
}

int LineOf(const YAML::Node& node) {
  if (!node.IsDefined()) return 0;
  const YAML::Mark mark = node.Mark();
  return mark.line < 0 ? 0 : mark.line + 1;
}

std::vector<YamlField> ReadFields(const YAML::Node& node, std::string_view where,
                                  const std::vector<std::string>& allowed, ProblemList& problems) {
  const std::string prefix(where);
  if (!node.IsMap()) {
    problems.Add(LineOf(node), prefix + ": expected 'key: value' lines");
    return {};
  }
  std::vector<YamlField> fields;
  std::map<std::string, int> seen;
  for (const auto& entry : node) {
    const int line = LineOf(entry.first);
    if (!entry.first.IsScalar()) {
      problems.Add(line, prefix + ": a key must be one word");
      continue;
    }
    const std::string key = entry.first.Scalar();
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
      problems.Add(line, prefix + ": unknown key " + Quoted(key) + DidYouMean(key, allowed));
      continue;
    }
    if (const auto [it, is_new] = seen.emplace(key, line); !is_new) {
      problems.Add(line, prefix + ": key " + Quoted(key) + " is given twice; first on line " +
                             std::to_string(it->second));
      continue;
    }
    fields.push_back({key, line, entry.second});
  }
  return fields;
}

const YamlField* FindField(const std::vector<YamlField>& fields, std::string_view key) {
  for (const YamlField& field : fields) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

std::optional<std::string> ScalarText(const YAML::Node& node, int line, std::string_view where,
                                      ProblemList& problems) {
  if (node.IsScalar()) {
    if (node.Scalar().find('\0') == std::string::npos) return node.Scalar();
    problems.Add(line, std::string(where) + ": holds a NUL byte, which no program can be given");
    return std::nullopt;
  }
  problems.Add(line, std::string(where) +
                         (node.IsNull() ? " has no value" : ": expected one value, not a list or mapping"));
  return std::nullopt;
}

}  // namespace bsub::cli
