#include "cli/options.h"

#include <algorithm>
#include <boost/program_options.hpp>

#include "jobs/nearest.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

namespace po = boost::program_options;

// Everything of Unix style but guessing: an option added later must not change what an old script means.
constexpr int kStyle = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;

const Option* FindLong(const Manual& manual, std::string_view name) {
  const auto it = std::ranges::find(manual.options, name, &Option::name);
  return it == manual.options.end() ? nullptr : &*it;
}

const Option* FindLetter(const Manual& manual, char letter) {
  const auto it = std::ranges::find(manual.options, letter, &Option::letter);
  return it == manual.options.end() ? nullptr : &*it;
}

// How many words an option takes that begins here: 1, or 2 if its value is the next word.
std::size_t Width(const Manual& manual, std::string_view word) {
  if (word.starts_with("--")) {
    const Option* option = FindLong(manual, word.substr(2));
    return option != nullptr && !option->value.empty() ? 2 : 1;
  }
  for (std::size_t i = 1; i < word.size();
       ++i) {  // "-Hq NAME": flags, then one that takes the rest or the next
    const Option* option = FindLetter(manual, word[i]);
    if (option == nullptr) return 1;
    if (!option->value.empty()) return i + 1 == word.size() ? 2 : 1;
  }
  return 1;
}

struct Split {
  std::vector<std::string> options;
  std::vector<std::string> words;
  bool separator = false;
};

// "-" is a word, and so is "-5": no command has an option that is a digit.
bool LooksLikeOption(std::string_view word) {
  return word.size() > 1 && word.starts_with('-') && !IsDigit(word[1]);
}

// Of an option whose value is to be the next word, and "--" or nothing comes: a variable that is not set.
Error NeedsValue(const Manual& manual, std::string_view word) {
  const Option* option =
      word.starts_with("--") ? FindLong(manual, word.substr(2)) : FindLetter(manual, word.back());
  const std::string name = word.starts_with("--") ? std::string(word) : std::string("-") + word.back();
  return InvalidArgument(name + " needs a value, " + std::string(option->value) +
                         "; it is followed by nothing, or by the -- that ends the options");
}

// Takes off the words: all behind "--", and for some commands all from the first word on.
Result<Split> SplitWords(const Manual& manual, const std::vector<std::string>& words) {
  Split split;
  for (std::size_t i = 0; i < words.size();) {
    const bool is_option = LooksLikeOption(words[i]);
    if (words[i] == "--" || (!is_option && manual.first_word_ends_options)) {
      split.separator = words[i] == "--";
      const auto rest = words.begin() + static_cast<std::ptrdiff_t>(i) + (split.separator ? 1 : 0);
      split.words.insert(split.words.end(), rest, words.end());
      return split;
    }
    const std::size_t width = is_option ? Width(manual, words[i]) : 1;
    if (width == 2 && (i + 1 == words.size() || words[i + 1] == "--")) return NeedsValue(manual, words[i]);
    std::vector<std::string>& target = is_option ? split.options : split.words;
    for (const std::size_t end = i + width; i < end; ++i) target.push_back(words[i]);
  }
  return split;
}

po::options_description Describe(const Manual& manual) {
  po::options_description description;
  description.add_options()("help,h", "");
  for (const Option& option : manual.options) {
    std::string names(option.name);
    if (option.letter != 0) names += std::string(",") + option.letter;
    if (option.value.empty()) {
      description.add_options()(names.c_str(), "");
    } else {
      description.add_options()(names.c_str(), po::value<std::string>(), "");
    }
  }
  return description;
}

Error UnknownOption(const Manual& manual, const std::string& word) {
  std::vector<std::string> known = {"--help"};
  for (const Option& option : manual.options) known.push_back("--" + std::string(option.name));
  const std::string name = word.substr(0, word.find('='));
  std::string hint = word.starts_with("--") ? DidYouMean(name, known) : "";
  if (hint.empty()) hint = "; see bsub-lite " + std::string(manual.name) + " --help";
  return InvalidArgument("unknown option " + Quoted(name) + hint);
}

Result<std::vector<po::option>> RunParser(const Manual& manual, const std::vector<std::string>& words) {
  const po::options_description description = Describe(manual);
  try {
    return po::command_line_parser(words).options(description).style(kStyle).run().options;
  } catch (const po::unknown_option& e) {
    // Boost names "-qz" by its first letter; that is what the person typed.
    return UnknownOption(manual, e.get_option_name());
  } catch (const po::error& e) {
    return InvalidArgument(e.what());
  }
}

Status CheckWordCount(const Manual& manual, std::size_t count) {
  const std::string synopsis = manual.synopsis.empty() ? "" : " " + std::string(manual.synopsis.front());
  const std::string usage = "; usage: bsub-lite " + std::string(manual.name) + synopsis;
  if (count < manual.min_words)
    return InvalidArgument("too few words: " + std::to_string(count) + " given" + usage);
  if (count > manual.max_words)
    return InvalidArgument("too many words: " + std::to_string(count) + " given" + usage);
  return OkStatus();
}

}  // namespace

std::optional<std::string> Arguments::Get(std::string_view option) const {
  const auto it = values_.find(option);
  if (it == values_.end()) return std::nullopt;
  return it->second.back();
}

std::string Arguments::Get(std::string_view option, std::string_view fallback) const {
  return Get(option).value_or(std::string(fallback));
}

std::vector<std::string> Arguments::All(std::string_view option) const {
  const auto it = values_.find(option);
  return it == values_.end() ? std::vector<std::string>() : it->second;
}

void Arguments::SetWords(std::vector<std::string> words, bool separator) {
  words_ = std::move(words);
  separator_ = separator;
}

Result<Arguments> ParseArguments(const Manual& manual, const std::vector<std::string>& words) {
  BSUB_ASSIGN_OR_RETURN(Split split, SplitWords(manual, words));
  BSUB_ASSIGN_OR_RETURN(const std::vector<po::option> options, RunParser(manual, split.options));
  Arguments arguments;
  for (const po::option& option : options) {
    arguments.Add(option.string_key, option.value.empty() ? "" : option.value.front());
  }
  arguments.SetWords(std::move(split.words), split.separator);
  if (!arguments.Has("help")) BSUB_RETURN_IF_ERROR(CheckWordCount(manual, arguments.words().size()));
  return arguments;
}

}  // namespace bsub::cli
