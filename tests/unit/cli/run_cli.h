// Runs a command line inside the test, with strings for its streams.
#pragma once

#include <sstream>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/context.h"

namespace bsub::cli {

struct CliResult {
  int code = -1;
  std::string out;
  std::string err;
};

struct CliRun {
  std::vector<std::string> environment = {"HOME=/nonexistent", "PATH=/usr/bin:/bin"};
  std::string in;
  Terminal terminal = {
      .in = true, .out = false, .err = false, .columns = 0, .err_columns = 0, .colour = false};
  CommandTable::StartCluster start_cluster;

  CliResult operator()(const std::vector<std::string>& words) const {
    std::istringstream input(in);
    std::ostringstream out, err;
    CommandTable commands = StandardCommands();
    commands.start_cluster = start_cluster;
    Context context{.in = input,
                    .out = out,
                    .err = err,
                    .terminal = terminal,
                    .environment = environment,
                    .commands = &commands};
    CliResult result;
    result.code = RunCommandLine(context, words);
    result.out = out.str();
    result.err = err.str();
    return result;
  }
};

}  // namespace bsub::cli
