#include "cli/facts.h"

#include <algorithm>

namespace bsub::cli {

void Facts::Add(std::string_view name, std::string value) {
  if (!value.empty()) facts_.emplace_back(name, std::move(value));
}

std::string Facts::Render() const {
  std::size_t widest = 0;
  for (const auto& [name, value] : facts_) widest = std::max(widest, name.size());
  std::string text;
  for (const auto& [name, value] : facts_) {
    text += "  " + name + std::string(widest - name.size() + 2, ' ') + value + "\n";
  }
  return text;
}

}  // namespace bsub::cli
