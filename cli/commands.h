// The one table of commands. Each command registers itself by name in StandardCommands(); nothing else knows
// them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/context.h"
#include "cli/options.h"
#include "common/result.h"

namespace bsub::cli {

struct Command {
  std::string_view name;
  std::string_view heading;  // of the overview: "Jobs", "Cluster", …
  std::string_view summary;
  Manual (*manual)();  // made only for the command that is asked for
  int (*run)(Context& context, const Arguments& arguments);
};

class CommandTable {
 public:
  // Starts a cluster of one machine below `home`; progress goes to `err`. Set by the commands that manage
  // clusters, so that `submit` can start the first one.
  using StartCluster = std::function<Status(const std::string& home, Context& context)>;

  void Add(Command command) { commands_.push_back(command); }
  const Command* Find(std::string_view name) const;
  const std::vector<Command>& commands() const { return commands_; }
  std::vector<std::string> names() const;

  StartCluster start_cluster;

 private:
  std::vector<Command> commands_;
};

CommandTable StandardCommands();

// Runs `words` (without the program's name) and returns the exit code. Never throws.
int RunCommandLine(Context& context, const std::vector<std::string>& words);

}  // namespace bsub::cli
