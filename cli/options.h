// A command's manual and its options: one table from which parsing, --help and shell completion are made.
//
// Boost.Program_options does the parsing; this wrapper adds what people expect around it: a command line that
// ends at the first word for commands that run programs, nearest matches for typing errors, and errors of one
// line.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace bsub::cli {

struct Option {
  std::string_view name;           // "queue" for --queue
  char letter = 0;                 // 'q' for -q; 0: none
  std::string_view value = {};     // what the value is called in the manual, "NAME"; empty: a flag
  std::string_view text = {};      // one or two sentences
  std::string_view fallback = {};  // what holds without the option, as the manual says it
  std::string_view group = {};     // heading in the manual; empty: "OPTIONS"
  std::string_view complete = {};  // for shells: "file", "queue", "job", "node", "command" or "one|of|these"
};

struct Example {
  std::string_view command;  // without the leading "bsub-lite "
  std::string_view text;
};

struct ExitNote {
  std::string_view code;
  std::string_view text;
};

struct Manual {
  std::string_view name;                     // of the command
  std::string_view summary;                  // one line
  std::vector<std::string_view> synopsis;    // what follows "bsub-lite NAME"
  std::vector<std::string_view> paragraphs;  // of the description
  std::vector<Option> options;
  std::vector<Example> examples;
  std::vector<ExitNote> exits = {};      // beyond the common ones
  bool first_word_ends_options = false;  // as for `submit`: all behind it belongs to the job
  std::size_t min_words = 0;
  std::size_t max_words = static_cast<std::size_t>(-1);
  std::string_view complete_words = {};  // as Option::complete
  bool asks_scheduler = true;            // so it has the exit code for one that cannot be reached
};

// A parsed command line.
class Arguments {
 public:
  bool Has(std::string_view option) const { return values_.contains(option); }
  // The last value given, or nothing.
  std::optional<std::string> Get(std::string_view option) const;
  std::string Get(std::string_view option, std::string_view fallback) const;
  // Every value given, in order.
  std::vector<std::string> All(std::string_view option) const;

  const std::vector<std::string>& words() const { return words_; }
  bool separator() const { return separator_; }  // a "--" stood before the words

  void Add(std::string_view option, std::string value) {
    values_[std::string(option)].push_back(std::move(value));
  }
  void Remove(std::string_view option) { values_.erase(std::string(option)); }
  void SetWords(std::vector<std::string> words, bool separator);
  const std::map<std::string, std::vector<std::string>, std::less<>>& values() const { return values_; }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> words_;
  bool separator_ = false;
};

// InvalidArgument names the word and, for an unknown option, the nearest known one. --help is always known,
// and when it is given the number of words is not checked.
Result<Arguments> ParseArguments(const Manual& manual, const std::vector<std::string>& words);

}  // namespace bsub::cli
