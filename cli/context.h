// What a command may touch: its streams, its environment and what the terminal is like. Tests give it
// strings.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace bsub::cli {

class CommandTable;

// Exit codes of every command; `wait` and `submit` add their own (docs/cli.md, "Exit codes").
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;        // wrong usage, or no such job, queue, node, …
inline constexpr int kExitUnreachable = 3;  // the scheduler does not answer
inline constexpr int kExitWaitTimeout = 124;
inline constexpr int kExitNotSubmitted = 255;

struct Terminal {
  bool in = false;      // standard input is a terminal
  bool out = false;     // standard output is one
  bool err = false;     // standard error is one
  int columns = 0;      // of standard output; 0: not a terminal, lines are never cut
  int err_columns = 0;  // of standard error
  bool colour = false;
};

struct Context {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  Terminal terminal;
  std::vector<std::string> environment;  // "NAME=VALUE"
  const CommandTable* commands = nullptr;

  // The value of an environment variable; empty if it is not set.
  std::string Variable(std::string_view name) const;
};

// Asks the operating system about descriptors 0 to 2; colours only on a terminal and without NO_COLOR
// (https://no-color.org).
Terminal FindTerminal();

}  // namespace bsub::cli
