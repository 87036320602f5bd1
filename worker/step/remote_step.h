// One command that the main node has ordered on this one: its process, its standard streams over the
// connection, and its end. A process of its own serves each connection, so that none holds up another.
//
// Whatever ends first, nothing of the command outlives the connection, nor the connection the command: all
// its processes are killed, also those that made sessions of their own (they are handed to this process, the
// subreaper, as their parents die).
#pragma once

#include "worker/launch/unique_fd.h"
#include "worker/step/gang.h"

namespace bsub::step {

// Serves a connection of a known agent to its end; never returns to the caller's loop. SIGPIPE and SIGCHLD
// must be blocked.
[[noreturn]] void ServeConnection(const Gang& gang, worker::UniqueFd connection);

}  // namespace bsub::step
