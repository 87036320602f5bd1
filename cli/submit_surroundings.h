// What a job inherits from the process that submits it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/client.h"
#include "cli/context.h"
#include "common/result.h"

namespace bsub::cli {

// The current directory, by the name the shell uses for it if that is right.
Result<std::string> WorkingDirectory(const Context& context);

// Umask, resource limits and the host's name into `request`. The working directory is left alone.
void AddProcessState(api::SubmitRequest& request);

// "NAME=VALUE" entries as a map; entries without '=' are dropped. Later ones win.
std::map<std::string, std::string> EnvironmentMap(const std::vector<std::string>& entries);

// Lines "NAME=VALUE"; empty ones and those that begin with '#' are skipped. Errors name the line.
Result<std::vector<std::string>> ReadEnvironmentFile(const std::string& path);

// 16 bytes for --token TEXT (32 hexadecimal digits are taken as they are, other text is hashed); random bytes
// for "".
Result<std::string> SubmitTokenBytes(const std::string& text);

}  // namespace bsub::cli
