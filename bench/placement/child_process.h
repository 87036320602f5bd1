// Running another program to its end.
#pragma once

#include <string>
#include <vector>

#include "cli/interrupts.h"
#include "common/result.h"

namespace bsub::placement {

struct ChildRun {
  std::vector<std::string> words;  // the program, found as a shell would, and its arguments
  std::string directory = ".";     // it works there
  std::string output, errors;      // files that its output goes to, made or emptied
  bool finishes = false;           // an interrupt leaves it to its end, for a while
};

// Waits for its end: its exit code, or 128 and the number of the signal. With `interrupts`: one that comes
// ends the child too, by KILL if TERM takes long or another one comes, and the error is kCancelled. Without,
// the child is left to its end: Ctrl-C on a terminal does not reach it.
Result<int> ExitCodeOf(const ChildRun& child, const cli::Interrupts* interrupts = nullptr);
// How it ended otherwise than with 0, and its last line on standard error.
Error EndOfChild(const ChildRun& child, int code);
// Of a child that does not end with 0.
Status RunChild(const ChildRun& child, const cli::Interrupts* interrupts = nullptr);

// The path of a program as a shell would find it; empty: there is none.
std::string FindProgram(const std::string& name);
// The directory that holds the running program.
Result<std::string> OwnDirectory();

Status MakeDirectory(const std::string& path);  // and those above it; it may be there
Result<std::string> ReadFile(const std::string& path);
Status WriteFile(const std::string& path, const std::string& text);

}  // namespace bsub::placement
