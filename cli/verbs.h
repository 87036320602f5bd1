// Commands whose first word says what to do: `queues set NAME`, `nodes remove NAME`.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context.h"
#include "cli/options.h"
#include "common/result.h"

namespace bsub::cli {

// For Verb::max_names: as many as a command line holds.
inline constexpr std::size_t kAnyNumber = 1'000'000;

struct Verb {
  std::string_view name;
  std::size_t min_names = 1;  // words behind it
  std::size_t max_names = 1;
  std::string_view options = {};  // those it takes, "a|b"
  int (*run)(Context& context, const Arguments& arguments, const std::vector<std::string>& names) = nullptr;
  bool json = true;  // it takes --json
};

// Runs the verb that the first word names, or the first verb of the table if there is no word. Usage errors
// name the nearest verb, or the option that does not belong to it.
int RunVerb(Context& context, std::string_view command, std::span<const Verb> verbs,
            const Arguments& arguments);

}  // namespace bsub::cli
