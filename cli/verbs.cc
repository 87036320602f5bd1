#include "cli/verbs.h"

#include <algorithm>

#include "cli/client.h"
#include "jobs/nearest.h"
#include "jobs/text.h"

namespace bsub::cli {
namespace {

bool Lists(std::string_view options, std::string_view option) {
  while (!options.empty()) {
    const std::size_t bar = options.find('|');
    if (options.substr(0, bar) == option) return true;
    if (bar == std::string_view::npos) return false;
    options.remove_prefix(bar + 1);
  }
  return false;
}

Result<const Verb*> FindVerb(std::span<const Verb> verbs, const Arguments& arguments) {
  if (arguments.words().empty()) return &verbs.front();
  const std::string& word = arguments.words().front();
  const auto it = std::ranges::find(verbs, word, &Verb::name);
  if (it != verbs.end()) return &*it;
  std::vector<std::string> names;
  std::string all;
  for (const Verb& verb : verbs) {
    names.emplace_back(verb.name);
    all += (all.empty() ? "" : ", ") + names.back();
  }
  const std::string hint = DidYouMean(word, names);
  return InvalidArgument("unknown word " + Quoted(word) + (hint.empty() ? "; expected one of " + all : hint));
}

Status Check(const Verb& verb, const Arguments& arguments, const std::vector<std::string>& words) {
  if (words.size() < verb.min_names) return InvalidArgument(std::string(verb.name) + ": a name is missing");
  if (words.size() > verb.max_names)
    return InvalidArgument(std::string(verb.name) + ": too many words, from " +
                           Quoted(words[verb.max_names]) + " on");
  for (const auto& [option, values] : arguments.values()) {
    if ((verb.json && option == "json") || Lists(verb.options, option)) continue;
    return InvalidArgument("--" + option + " does not belong to " + std::string(verb.name));
  }
  return OkStatus();
}

}  // namespace

int RunVerb(Context& context, std::string_view command, std::span<const Verb> verbs,
            const Arguments& arguments) {
  const auto verb = FindVerb(verbs, arguments);
  if (!verb) return Fail(context, command, verb.error());
  const std::vector<std::string>& words = arguments.words();
  const std::vector<std::string> names(words.begin() + (words.empty() ? 0 : 1), words.end());
  const Status good = Check(**verb, arguments, names);
  if (!good) return Fail(context, command, good.error());
  return (*verb)->run(context, arguments, names);
}

}  // namespace bsub::cli
