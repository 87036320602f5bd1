// The program bsub-lite.
#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/context.h"

namespace {

// Without the destructors of libraries and without waiting for their threads: everything is written by then.
[[noreturn]] void End(int code) {
  std::cout.flush();
  std::cerr.flush();
  _exit(code);
}

}  // namespace

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  const bsub::cli::CommandTable commands = bsub::cli::StandardCommands();
  bsub::cli::Context context{.in = std::cin,
                             .out = std::cout,
                             .err = std::cerr,
                             .terminal = bsub::cli::FindTerminal(),
                             .environment = {},
                             .commands = &commands};
  for (char** entry = environ; *entry != nullptr; ++entry) context.environment.emplace_back(*entry);
  const int code = bsub::cli::RunCommandLine(context, std::vector<std::string>(argv + 1, argv + argc));
  std::cout.flush();
  // What was asked for and could not be written must not look like success.
  if (code == bsub::cli::kExitOk && !std::cout) {
    std::cerr << "bsub-lite: standard output cannot be written" << std::endl;
    End(bsub::cli::kExitFailed);
  }
  End(code);
}
