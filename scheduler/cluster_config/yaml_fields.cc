#include "scheduler/cluster_config/yaml_fields.h"

#include <algorithm>
#include <map>

#include "jobs/nearest.h"
#include "jobs/text.h"
#include "jobs/units.h"

namespace bsub::cluster_config {

void Problems::Add(int line, std::string text) {
  if (full()) return;
  std::replace_if(text.begin(), text.end(), IsControl, '?');
  Problem problem{line, std::move(text)};
  if (std::find(found_.begin(), found_.end(), problem) == found_.end()) found_.push_back(std::move(problem));
}

std::vector<Problem> Problems::Take() {
  std::stable_sort(found_.begin(), found_.end(),
                   [](const Problem& a, const Problem& b) { return a.line < b.line; });
  return std::move(found_);
}

int LineOf(const YAML::Node& node) {
  if (!node.IsDefined()) return 0;
  const YAML::Mark mark = node.Mark();
  return mark.line < 0 ? 0 : mark.line + 1;
}

std::optional<std::string> ScalarOf(const YAML::Node& node, int line, const std::string& where,
                                    Problems& problems) {
  if (node.IsScalar()) return node.Scalar();
  problems.Add(line,
               where + (node.IsNull() ? " has no value" : ": expected one value, not a list or mapping"));
  return std::nullopt;
}

Fields::Fields(const YAML::Node& node, std::string where, const std::vector<std::string>& allowed,
               Problems& problems)
    : where_(std::move(where)), line_(LineOf(node)), problems_(&problems) {
  if (!node.IsMap()) {
    problems.Add(line_, where_ + ": expected 'key: value' lines");
    return;
  }
  std::map<std::string, int> seen;
  for (const auto& entry : node) {
    const int line = LineOf(entry.first);
    if (!entry.first.IsScalar()) {
      problems.Add(line, where_ + ": a key must be one word");
      continue;
    }
    const std::string& key = entry.first.Scalar();
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
      std::string hint = DidYouMean(key, allowed);
      if (hint.empty()) {
        for (const std::string& known : allowed) hint += (hint.empty() ? "; expected one of " : ", ") + known;
      }
      problems.Add(line, where_ + ": unknown key " + Quoted(key) + hint);
    } else if (const auto [it, is_new] = seen.emplace(key, line); !is_new) {
      problems.Add(line, where_ + ": key " + Quoted(key) + " is given twice; first on line " +
                             std::to_string(it->second));
    } else {
      fields_.push_back({key, line, entry.second});
    }
  }
}

const Field* Fields::Find(std::string_view key) const {
  const auto it = std::find_if(fields_.begin(), fields_.end(), [&](const Field& f) { return f.key == key; });
  return it == fields_.end() ? nullptr : &*it;
}

const Field* Fields::Need(std::string_view key, std::string_view expected) const {
  const Field* field = Find(key);
  if (field == nullptr)
    problems_->Add(line_,
                   where_ + ": " + std::string(key) + " is missing; expected " + std::string(expected));
  return field;
}

std::optional<std::string> Fields::Text(std::string_view key) const {
  const Field* field = Find(key);
  if (field == nullptr) return std::nullopt;
  return ScalarOf(field->value, field->line, where_ + ": " + std::string(key), *problems_);
}

std::optional<bool> Fields::YesOrNo(std::string_view key) const {
  const auto text = Text(key);
  if (!text) return std::nullopt;
  if (*text == "true" || *text == "yes") return true;
  if (*text == "false" || *text == "no") return false;
  Wrong(key, Quoted(*text) + ": expected true or false");
  return std::nullopt;
}

std::optional<std::int64_t> Fields::Number(std::string_view key, std::int64_t min, std::int64_t max) const {
  return Value(key, [&](const std::string& text) { return ParseInteger(text, min, max); });
}

std::vector<std::string> Fields::Words(std::string_view key) const {
  std::vector<std::string> words;
  const Field* field = Find(key);
  if (field == nullptr) return words;
  const std::string where = where_ + ": " + std::string(key);
  if (!field->value.IsSequence()) {
    if (auto text = ScalarOf(field->value, field->line, where, *problems_)) words.push_back(std::move(*text));
    return words;
  }
  for (const YAML::Node& word : field->value) {
    if (problems_->full()) break;
    if (auto text = ScalarOf(word, LineOf(word), where, *problems_)) words.push_back(std::move(*text));
  }
  return words;
}

void Fields::Wrong(std::string_view key, const std::string& message) const {
  const Field* field = Find(key);
  problems_->Add(field != nullptr ? field->line : line_, where_ + ": " + std::string(key) + ": " + message);
}

}  // namespace bsub::cluster_config
