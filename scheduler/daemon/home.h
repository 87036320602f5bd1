// The scheduler's home: its directories are made, and found to be nobody else's.
//
// Whoever can change a name in one of them can put another journal, key or socket in its place, and so run
// jobs as any user of the cluster.
#pragma once

#include <cstdint>
#include <string>

#include "common/result.h"
#include "scheduler/journal/file_system.h"

namespace bsub::daemon {

// What it made survives power loss. `socket_mode`: who may connect decides who may reach the socket's
// directory. Errors name the directory and the command that mends it.
Status PrepareHome(journal::FileSystem& files, const std::string& home, std::uint32_t socket_mode);

}  // namespace bsub::daemon
