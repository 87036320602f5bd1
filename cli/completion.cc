#include "cli/completion.h"

#include <ostream>

#include "cli/completion_scripts.h"

namespace bsub::cli {
namespace {

Manual CompletionManual() {
  return {
      .name = "completion",
      .summary = "print a completion script for a shell",
      .synopsis = {"bash|zsh"},
      .paragraphs = {"Prints a script that completes commands, options, and the names of queues, nodes and "
                     "jobs. It is made from the same tables as the manuals."},
      .options = {},
      .examples = {{"completion bash > ~/.local/share/bash-completion/completions/bsub-lite", "For bash."},
                   {"completion zsh > ~/.zfunc/_bsub-lite", "For zsh; ~/.zfunc must be in $fpath."}},
      .min_words = 1,
      .max_words = 1,
      .complete_words = "bash|zsh",
      .asks_scheduler = false};
}

int Run(Context& context, const Arguments& arguments) {
  const std::string& shell = arguments.words().front();
  if (shell == "bash") {
    context.out << BashCompletion(*context.commands) << std::flush;
  } else if (shell == "zsh") {
    context.out << ZshCompletion(*context.commands) << std::flush;
  } else {
    context.err << "bsub-lite completion: unknown shell '" << shell << "'; expected bash or zsh" << std::endl;
    return kExitUsage;
  }
  return kExitOk;
}

}  // namespace

Command CompletionCommand() {
  return {.name = "completion",
          .heading = "Help",
          .summary = "print a completion script for a shell",
          .manual = CompletionManual,
          .run = Run};
}

}  // namespace bsub::cli
