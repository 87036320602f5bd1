// `bsub-lite journal`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands.h"

namespace bsub::cli {

Command JournalCommand();

// The words for bsub-lite-journal (scheduler/journal/journal_main.cc), without its name.
Result<std::vector<std::string>> JournalToolWords(const Context& context, const Arguments& arguments,
                                                  const std::string& verb,
                                                  const std::vector<std::string>& names);

}  // namespace bsub::cli
