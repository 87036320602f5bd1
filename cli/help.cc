#include "cli/help.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace bsub::cli {
namespace {

constexpr std::size_t kBody = 4;    // indent of a section's text
constexpr std::size_t kNotes = 10;  // indent of what an option means

constexpr ExitNote kCommonExits[] = {
    {"0", "It was done."},
    {"1", "The operation failed; one line on standard error says why."},
    {"2", "Wrong usage, or no such job, queue, node or definition."},
    {"3", "The scheduler cannot be reached."},
};

std::string Heading(std::string_view text) { return "\n" + std::string(text) + "\n"; }

std::string OptionLine(const Option& option) {
  std::string line = option.letter != 0 ? std::string("-") + option.letter + ", --" : "--";
  line += option.name;
  if (!option.value.empty()) line += " " + std::string(option.value);
  return line;
}

std::string OptionText(const Option& option, std::size_t width) {
  std::string text(option.text);
  if (!option.fallback.empty()) text += " Default: " + std::string(option.fallback) + ".";
  return Fold(OptionLine(option), kBody, width) + Fold(text, kNotes, width);
}

std::string Options(const Manual& manual, std::size_t width) {
  std::vector<std::string_view> groups;
  for (const Option& option : manual.options) {
    if (std::ranges::find(groups, option.group) == groups.end()) groups.push_back(option.group);
  }
  if (groups.empty()) groups.emplace_back();
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    text += Heading(groups[i].empty() ? "OPTIONS" : groups[i]);
    for (const Option& option : manual.options) {
      if (option.group == groups[i]) text += OptionText(option, width);
    }
    if (i + 1 == groups.size())
      text += OptionText({.name = "help", .letter = 'h', .text = "Show this page."}, width);
  }
  return text;
}

std::string Examples(const Manual& manual, std::size_t width) {
  if (manual.examples.empty()) return "";
  std::string text = Heading("EXAMPLES");
  for (const Example& example : manual.examples) {
    text += std::string(kBody, ' ') + "bsub-lite " + std::string(example.command) + "\n";
    text += Fold(example.text, kNotes, width);
  }
  return text;
}

// Where a note stands: by its number; "N" last.
int RankOf(const ExitNote& note) {
  int number = std::numeric_limits<int>::max();
  std::from_chars(note.code.data(), note.code.data() + note.code.size(), number);
  return number;
}

std::string Exits(const Manual& manual, std::size_t width) {
  std::vector<ExitNote> notes(manual.exits);
  for (const ExitNote& note : kCommonExits) {
    const bool replaced = std::ranges::find(manual.exits, note.code, &ExitNote::code) != manual.exits.end();
    const bool applies = manual.asks_scheduler || note.code != "3";
    if (applies && !replaced) notes.push_back(note);
  }
  std::ranges::stable_sort(notes, {}, RankOf);
  std::string text = Heading("EXIT CODES");
  for (const ExitNote& note : notes) {
    std::string lines = Fold(note.text, kNotes, width);  // the code stands in the first line's indent
    text += lines.replace(kBody, note.code.size(), note.code);
  }
  return text;
}

// Where the word at the front ends. A command in backticks is one word: it is to be pasted in one piece.
std::size_t WordEnd(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '`') quoted = !quoted && text.find('`', i + 1) != std::string_view::npos;
    if (text[i] == ' ' && !quoted) return i;
  }
  return text.size();
}

}  // namespace

std::string Fold(std::string_view text, std::size_t indent, std::size_t width) {
  std::string folded;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, WordEnd(text));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word.empty()) continue;
    if (column > 0 && column + 1 + word.size() > width) {
      folded += '\n';
      column = 0;
    }
    const std::size_t gap = column == 0 ? indent : 1;
    folded.append(gap, ' ').append(word);
    column += gap + word.size();
  }
  if (!folded.empty()) folded += '\n';
  return folded;
}

std::string RenderManual(const Manual& manual, std::size_t width) {
  const std::string full_name = "bsub-lite " + std::string(manual.name);
  std::string text = "NAME\n" + Fold(full_name + " - " + std::string(manual.summary), kBody, width);
  text += Heading("SYNOPSIS");
  if (manual.synopsis.empty()) text += std::string(kBody, ' ') + full_name + "\n";
  for (const std::string_view line : manual.synopsis) {
    text += std::string(kBody, ' ') + full_name + " " + std::string(line) + "\n";
  }
  text += Heading("DESCRIPTION");
  for (std::size_t i = 0; i < manual.paragraphs.size(); ++i) {
    if (i > 0) text += "\n";
    text += Fold(manual.paragraphs[i], kBody, width);
  }
  return text + Options(manual, width) + Examples(manual, width) + Exits(manual, width);
}

}  // namespace bsub::cli
