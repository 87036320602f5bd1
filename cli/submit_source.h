// What a submit is to run: a program with its arguments, a script file, a script on standard input, or what a
// job definition says.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/options.h"
#include "common/result.h"

namespace bsub::cli {

struct JobSource {
  std::vector<std::string> argv;         // of the program, or the arguments of the script
  std::string script;                    // text; empty: none
  std::vector<std::string> interpreter;  // of the script
  std::string name;                      // base name of program or script file, for the job's name
  bool is_script() const { return !interpreter.empty(); }
};

// The rules, in order (docs/cli.md, "What is run"):
//   words after "--"                  a program with its arguments, never a script
//   --script FILE [ARG ...]           a script with arguments
//   one word, a readable regular file that is not a compiled program: a script
//   one word with a blank in it       given to /bin/sh -c
//   other words                       a program with its arguments
//   no words, standard input is no terminal: a script on standard input
//   no words, --definition            the definition's command
Result<JobSource> FindJobSource(Context& context, const Arguments& arguments);

}  // namespace bsub::cli
