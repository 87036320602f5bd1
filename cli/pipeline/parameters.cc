#include "cli/pipeline/parameters.h"

#include "jobs/text.h"

namespace bsub::cli {
namespace {

constexpr std::string_view kLeftToTheTask = "BSUB_";

bool IsNameChar(char c) { return IsAlnum(c) || c == '_'; }

// The name in a "${name}" that `text` begins with; empty if it does not begin with one.
std::string_view ReferenceAt(std::string_view text) {
  if (!text.starts_with("${")) return {};
  const std::size_t end = text.find('}');
  if (end == std::string_view::npos) return {};
  const std::string_view name = text.substr(2, end - 2);
  return IsParameterName(name) ? name : std::string_view{};
}

}  // namespace

bool IsParameterName(std::string_view name) {
  if (name.empty() || IsDigit(name.front())) return false;
  for (const char c : name) {
    if (!IsNameChar(c)) return false;
  }
  return true;
}

Substituted FillIn(std::string_view text, const std::map<std::string, std::string>& parameters) {
  Substituted out;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    out.text += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    if (text.starts_with("$$") && !ReferenceAt(text.substr(1)).empty()) {
      const std::size_t length = ReferenceAt(text.substr(1)).size() + 3;
      out.text += text.substr(1, length);
      text.remove_prefix(1 + length);
      continue;
    }
    const std::string_view name = ReferenceAt(text);
    if (name.empty()) {
      out.text += '$';
      text.remove_prefix(1);
      continue;
    }
    const std::string_view whole = text.substr(0, name.size() + 3);
    if (const auto it = parameters.find(std::string(name)); it != parameters.end()) {
      out.text += it->second;
    } else {
      out.text += whole;
      if (!name.starts_with(kLeftToTheTask)) out.undefined.emplace_back(name);
    }
    text.remove_prefix(whole.size());
  }
  return out;
}

}  // namespace bsub::cli
