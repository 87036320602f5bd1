#include "jobs/directives.h"

#include <optional>
#include <utility>

#include "jobs/text.h"

namespace bsub {
namespace {

constexpr std::string_view kMarker = "#BSUB";

std::string AtLine(int line) { return "script line " + std::to_string(line) + ": "; }

// Hands out the lines of the leading comment block, and the line that ends it, after checking their bytes.
class LeadingLines {
 public:
  explicit LeadingLines(std::string_view script) : rest_(script) {}

  // The next line of the block without its end, or nothing after the block.
  Result<std::optional<std::string_view>> Next() {
    if (rest_.empty()) return std::nullopt;
    ++number_;
    const std::size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (line.ends_with('\r')) {
      return InvalidArgument(AtLine(number_) +
                             "ends in CR LF, as Windows writes it; convert the script with " +
                             "dos2unix FILE or sed -i 's/\\r$//' FILE");
    }
    if (number_ == 1 && line.starts_with("\xef\xbb\xbf")) {
      return InvalidArgument(
          AtLine(1) + "begins with a byte order mark; remove it with sed -i '1s/^\\xEF\\xBB\\xBF//' FILE");
    }
    const std::string_view text = Trim(line);
    if (!text.empty() && text.front() != '#') return std::nullopt;
    return line;
  }

  int number() const { return number_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

// A NUL byte anywhere means that this is not a script, or that it is damaged.
Status CheckNoNul(std::string_view script) {
  const std::size_t at = script.find('\0');
  if (at == std::string_view::npos) return OkStatus();
  int line = 1;
  for (const char c : script.substr(0, at)) line += c == '\n' ? 1 : 0;
  return InvalidArgument(AtLine(line) + "holds a NUL byte (offset " + std::to_string(at) +
                         "), so it is not a text script; to run a program write it after --");
}

// The text after "#BSUB" if the line is a directive.
std::optional<std::string_view> DirectiveText(std::string_view line) {
  std::string_view text = Trim(line);
  if (!text.starts_with(kMarker)) return std::nullopt;
  text = Trim(text.substr(kMarker.size()));
  if (!text.starts_with('-')) return std::nullopt;
  return text;
}

class WordReader {
 public:
  explicit WordReader(std::string_view text) : rest_(text) {}

  Result<std::vector<std::string>> Words() {
    std::vector<std::string> words;
    while (SkipBlanks()) {
      const bool lone_equals = rest_.front() == '=' && (rest_.size() == 1 || IsBlank(rest_[1]));
      if (lone_equals && !words.empty() && words.back().starts_with('-')) {
        rest_.remove_prefix(1);
        continue;
      }
      BSUB_ASSIGN_OR_RETURN(std::string word, Word());
      words.push_back(std::move(word));
    }
    return words;
  }

 private:
  // False at the end or at a comment.
  bool SkipBlanks() {
    while (!rest_.empty() && IsBlank(rest_.front())) rest_.remove_prefix(1);
    return !rest_.empty() && rest_.front() != '#';
  }

  Result<std::string> Word() {
    std::string word;
    while (!rest_.empty() && !IsBlank(rest_.front())) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c != '"' && c != '\'') {
        word += c;
        continue;
      }
      const std::size_t end = rest_.find(c);
      if (end == std::string_view::npos) {
        return InvalidArgument(std::string("the quote ") + c + " before " + Quoted(rest_) + " is not closed");
      }
      word += rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
    }
    return word;
  }

  std::string_view rest_;
};

}  // namespace

Result<std::vector<Directive>> ParseDirectives(std::string_view script) {
  BSUB_RETURN_IF_ERROR(CheckNoNul(script));
  std::vector<Directive> directives;
  LeadingLines lines(script);
  while (true) {
    BSUB_ASSIGN_OR_RETURN(const auto line, lines.Next());
    if (!line) return directives;
    const auto text = DirectiveText(*line);
    if (!text) continue;
    auto words = WordReader(*text).Words();
    if (!words) return InvalidArgument(AtLine(lines.number()) + words.error().message);
    directives.push_back({lines.number(), std::move(*words)});
  }
}

Result<std::vector<std::string>> ScriptInterpreter(std::string_view script) {
  BSUB_RETURN_IF_ERROR(CheckNoNul(script));
  BSUB_ASSIGN_OR_RETURN(const auto first, LeadingLines(script).Next());
  if (!first || !first->starts_with("#!")) return std::vector<std::string>{"/bin/sh"};
  std::vector<std::string> words;
  std::string_view rest = Trim(first->substr(2));
  while (!rest.empty()) {
    const std::size_t end = rest.find_first_of(" \t");
    words.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : Trim(rest.substr(end));
  }
  if (words.empty())
    return InvalidArgument(AtLine(1) + "'#!' names no interpreter; write for example #!/bin/sh");
  if (!words.front().starts_with('/')) {
    return InvalidArgument(AtLine(1) + "the interpreter " + Quoted(words.front()) +
                           " is not an absolute path; write for example #!/usr/bin/env " + words.front());
  }
  return words;
}

}  // namespace bsub
