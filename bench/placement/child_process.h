// Running another program to its end.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"

namespace bsub::placement {

struct ChildRun {
  std::vector<std::string> words;  // the program, found as a shell would, and its arguments
  std::string directory = ".";     // it works there
  std::string output, errors;      // files that its output goes to, made or emptied
};

// Waits for its end: its exit code, or 128 and the number of the signal.
Result<int> ExitCodeOf(const ChildRun& child);
// The same; the error says how it ended otherwise than with 0, and its last line on standard error.
Status RunChild(const ChildRun& child);

// The path of a program as a shell would find it; empty: there is none.
std::string FindProgram(const std::string& name);
// The directory that holds the running program.
Result<std::string> OwnDirectory();

Status MakeDirectory(const std::string& path);  // and those above it; it may be there
Result<std::string> ReadFile(const std::string& path);
Status WriteFile(const std::string& path, const std::string& text);

}  // namespace bsub::placement
