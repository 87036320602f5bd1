// bsub-lite-rsh: runs a command on another node of the same job, as `rsh HOST COMMAND` would, for mpirun to
// start its daemons with.
#pragma once

#include <string>
#include <vector>

#include "common/result.h"
#include "worker/launch/unique_fd.h"
#include "worker/step/gang.h"

namespace bsub::step {

struct AgentCall {
  std::string host;
  std::string command;  // for /bin/sh
};
// `words`: without the program's name. Options that mpirun gives to rsh or ssh are accepted and have no
// meaning here. InvalidArgument says how it is used.
Result<AgentCall> ParseAgentCall(const std::vector<std::string>& words);

// The index of the node that is meant; `host_name`: this machine's, which is this node.
Result<std::uint32_t> NodeMeant(const Gang& gang, const std::string& host, const std::string& host_name);

// The first word of a command for a shell, without its quotes.
std::string ProgramOf(const std::string& command);

// What called this process, which is mpirun as a rule: to be read once it has ended. Aborted: it had ended
// before anybody could look, and the parent is now who takes in what is left of a job, the node's spawner.
Result<worker::UniqueFd> FindCaller(const Gang& gang);

// Returns the command's exit code, or 255 if it could not be run or its connection was lost. Ends `mpirun`,
// as FindCaller() has it, if it could not run a daemon of Hydra's: that would wait for it for ever.
int RunLaunchAgent(const Gang& gang, const AgentCall& call, const worker::UniqueFd& mpirun);

}  // namespace bsub::step
