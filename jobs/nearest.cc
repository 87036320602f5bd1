#include "jobs/nearest.h"

#include <algorithm>
#include <cstddef>

namespace bsub {
namespace {

// Words longer than this are not compared: nobody mistypes 100 characters, and the cost is a product of
// lengths.
constexpr std::size_t kLongestWord = 100;

// Optimal string alignment distance: insert, delete, replace or swap two neighbours, each at cost 1.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

}  // namespace

std::optional<std::string> NearestMatch(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.empty() || word.size() > kLongestWord) return std::nullopt;
  const std::size_t allowed = std::max<std::size_t>(1, word.size() / 3);
  std::size_t best = allowed + 1;
  const std::string* match = nullptr;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestWord) continue;
    const std::size_t distance = Distance(word, candidate);
    if (distance >= best) continue;
    best = distance;
    match = &candidate;
  }
  if (match == nullptr) return std::nullopt;
  return *match;
}

std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates) {
  const auto match = NearestMatch(word, candidates);
  return match ? "; did you mean '" + *match + "'?" : "";
}

}  // namespace bsub
