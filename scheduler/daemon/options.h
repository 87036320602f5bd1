// The scheduler's command line.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"
#include "scheduler/daemon/settings.h"
#include "scheduler/rpc/tcp_listener.h"

namespace bsub::daemon {

struct Options {
  std::string home;
  std::optional<rpc::TcpSettings> tcp;
  DaemonSettings settings;
  std::string programs;  // folder of our other programs
  bool help = false;
  bool version = false;
  bool print_settings = false;
};

// Reads the settings file too. Settings are defaults where nothing is said.
Result<Options> ParseOptions(const std::vector<std::string>& words);
std::string HelpText();

}  // namespace bsub::daemon
