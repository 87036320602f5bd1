// The command line of bsub-lite-kernel-host.
#pragma once

#include <string>

#include "common/result.h"
#include "kernels/host/host.h"

namespace bsub::kernels {

struct CommandLine {
  enum class Mode { kRun, kShow, kWorker, kDescribe, kHelp } mode = Mode::kRun;
  HostOptions host;
  int table = -1;     // of a worker
  std::string store;  // to show
  bool json = false;
};

// InvalidArgument names the option. A kernel's input that is "@FILE" is read.
Result<CommandLine> ParseCommandLine(int argc, const char* const* argv);
std::string HelpText();

}  // namespace bsub::kernels
