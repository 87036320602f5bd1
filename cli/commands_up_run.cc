#include "cli/commands_up_run.h"

#include "cli/down.h"
#include "cli/run.h"
#include "cli/up.h"

namespace bsub::cli {

void AddUpRunCommands(CommandTable& table) {
  table.Add(RunCommand());
  table.Add(UpCommand());
  table.Add(DownCommand());
  table.start_cluster = StartLocalCluster;
}

}  // namespace bsub::cli
