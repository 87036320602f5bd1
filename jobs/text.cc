#include "jobs/text.h"

#include <algorithm>
#include <cstdio>

#include "common/utf8.h"

namespace bsub {
namespace {

constexpr std::size_t kLongestQuoted = 80;  // bytes; a message must stay one readable line

std::string Hex(char c) {
  char hex[8];
  std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  return hex;
}

// U+0080 to U+009F in UTF-8: some terminals take them for the beginning of a command, as they do escape.
bool IsHighControl(std::string_view text) {
  return text.size() >= 2 && text[0] == '\xc2' && static_cast<unsigned char>(text[1]) < 0xa0;
}

}  // namespace

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string ToLower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool AllDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsDigit);
}

std::optional<std::uint64_t> TakeNumber(std::string_view& text, std::uint64_t max) {
  std::uint64_t value = 0;
  std::size_t n = 0;
  for (; n < text.size() && IsDigit(text[n]); ++n) {
    const auto digit = static_cast<std::uint64_t>(text[n] - '0');
    if (digit > max || value > (max - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  if (n == 0) return std::nullopt;
  text.remove_prefix(n);
  return value;
}

std::string Quoted(std::string_view value) {
  constexpr std::size_t kLongestCharacter = 4;
  const std::string text = ToUtf8(value.substr(0, kLongestQuoted + kLongestCharacter));
  const std::string_view cut = CutUtf8(text, kLongestQuoted);
  std::string out = "'";
  for (std::size_t i = 0; i < cut.size(); ++i) {
    const char c = cut[i];
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\0') {
      out += "\\0";
    } else if (IsControl(c)) {
      out += Hex(c);
    } else if (IsHighControl(cut.substr(i))) {
      out += Hex(c) + Hex(cut[++i]);
    } else {
      out += c;
    }
  }
  if (text.size() > kLongestQuoted) out += "…";
  return out + "'";
}

bool NaturalLess(std::string_view a, std::string_view b) {
  // Takes the run of digits at the front off, and gives it without leading zeros: then longer is larger.
  const auto take_digits = [](std::string_view& text) {
    std::size_t n = 0;
    while (n < text.size() && IsDigit(text[n])) ++n;
    std::string_view digits = text.substr(0, n);
    text.remove_prefix(n);
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    return digits;
  };
  std::string_view x = a, y = b;
  while (!x.empty() && !y.empty()) {
    if (IsDigit(x[0]) && IsDigit(y[0])) {
      const std::string_view m = take_digits(x), n = take_digits(y);
      if (m.size() != n.size()) return m.size() < n.size();
      if (m != n) return m < n;
      continue;
    }
    if (x[0] != y[0]) return x[0] < y[0];
    x.remove_prefix(1);
    y.remove_prefix(1);
  }
  if (x.empty() != y.empty()) return x.empty();
  return a < b;
}

std::string Count(std::uint64_t n, std::string_view one, std::string_view many) {
  return std::to_string(n) + " " + std::string(n == 1 ? one : many);
}

std::string CountNodes(std::uint64_t n) { return Count(n, "node", "nodes"); }

}  // namespace bsub
