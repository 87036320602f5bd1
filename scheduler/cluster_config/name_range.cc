#include "scheduler/cluster_config/name_range.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "jobs/text.h"

namespace bsub::cluster_config {
namespace {

constexpr std::size_t kLongestName = 63;
constexpr std::uint64_t kLargestNumber = 999'999'999;

std::string Padded(std::uint64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

Error BadRange(std::string_view text, std::string_view range) {
  return InvalidArgument(Quoted(text) + ": " + Quoted(range) +
                         " is no range; expected numbers such as [1-16] or [01-16,20]");
}

Error TooMany(std::string_view text, std::size_t most) {
  return ResourceExhausted(Quoted(text) + " means more than " + std::to_string(most) + " names");
}

// "1-4" or "7" behind what is in `out`.
Status AddRange(std::string_view text, std::string_view range, std::size_t most,
                std::vector<std::string>& out) {
  std::string_view rest = range;
  const auto first = TakeNumber(rest, kLargestNumber);
  if (!first) return BadRange(text, range);
  const std::size_t width = range.size() - rest.size();
  auto last = first;
  if (!rest.empty()) {
    if (rest.front() != '-') return BadRange(text, range);
    rest.remove_prefix(1);
    last = TakeNumber(rest, kLargestNumber);
    if (!last || !rest.empty() || *last < *first) return BadRange(text, range);
  }
  if (*last - *first >= most || out.size() + (*last - *first) >= most) return TooMany(text, most);
  for (std::uint64_t n = *first; n <= *last; ++n) out.push_back(Padded(n, width));
  return OkStatus();
}

struct NumberPart {
  std::size_t begin = 0, end = 0;
};

// The last number in a name.
std::optional<NumberPart> LastNumber(std::string_view name) {
  std::size_t end = name.size();
  while (end > 0 && !IsDigit(name[end - 1])) --end;
  std::size_t begin = end;
  while (begin > 0 && IsDigit(name[begin - 1])) --begin;
  if (begin == end || end - begin > 9) return std::nullopt;
  return NumberPart{begin, end};
}

// Whether `next` is `name` with its last number one larger, written as wide.
bool Follows(const std::string& name, const std::string& next) {
  const auto part = LastNumber(name);
  if (!part) return false;
  std::string_view digits = std::string_view(name).substr(part->begin, part->end - part->begin);
  const auto number = TakeNumber(digits, kLargestNumber);
  return name.substr(0, part->begin) + Padded(*number + 1, part->end - part->begin) +
             name.substr(part->end) ==
         next;
}

}  // namespace

Result<std::vector<std::string>> ExpandNames(std::string_view text, std::size_t most) {
  std::vector<std::string> names = {""};
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t open = rest.find('[');
    const std::string_view literal = rest.substr(0, open);
    if (literal.find(']') != std::string_view::npos)
      return InvalidArgument(Quoted(text) + ": there is a ] without a [");
    for (std::string& name : names) name += literal;
    if (open == std::string_view::npos) break;
    const std::size_t close = rest.find(']', open);
    if (close == std::string_view::npos) return InvalidArgument(Quoted(text) + ": the [ is not closed");
    std::vector<std::string> numbers;
    std::string_view list = rest.substr(open + 1, close - open - 1);
    for (;;) {
      const std::size_t comma = list.find(',');
      BSUB_RETURN_IF_ERROR(AddRange(text, list.substr(0, comma), most, numbers));
      if (comma == std::string_view::npos) break;
      list.remove_prefix(comma + 1);
    }
    if (names.size() * numbers.size() > most) return TooMany(text, most);
    std::vector<std::string> longer;
    longer.reserve(names.size() * numbers.size());
    for (const std::string& name : names) {
      for (const std::string& number : numbers) longer.push_back(name + number);
    }
    names = std::move(longer);
    if (names.front().size() > text.size() + kLongestName) break;
    rest.remove_prefix(close + 1);
  }
  return names;
}

Status CheckName(std::string_view name) {
  const bool good = !name.empty() && name.size() <= kLongestName && IsAlnum(name.front()) &&
                    std::all_of(name.begin(), name.end(),
                                [](char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; });
  if (good) return OkStatus();
  return InvalidArgument(
      "the name " + Quoted(name) +
      " is not possible; expected at most 63 letters, digits, '-', '_' or '.', and a letter "
      "or digit first");
}

std::string FoldNames(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size();) {
    std::size_t end = i + 1;
    while (end < names.size() && Follows(names[end - 1], names[end])) ++end;
    if (!text.empty()) text += ",";
    const auto first = LastNumber(names[i]), last = LastNumber(names[end - 1]);
    if (end - i < 2 || !first || !last) {
      text += names[i];
    } else {
      text += names[i].substr(0, first->begin) + "[" +
              names[i].substr(first->begin, first->end - first->begin) + "-" +
              names[end - 1].substr(last->begin, last->end - last->begin) + "]" + names[i].substr(first->end);
    }
    i = end;
  }
  return text;
}

}  // namespace bsub::cluster_config
