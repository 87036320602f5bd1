// Nearest match for a mistyped option or name (Damerau-Levenshtein, optimal string alignment).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bsub {

// The candidate with the smallest distance, if that is at most max(1, length / 3); ties go to the first.
std::optional<std::string> NearestMatch(std::string_view word, const std::vector<std::string>& candidates);

// "; did you mean 'high'?" or "".
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace bsub
