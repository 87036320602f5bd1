// Making a home ready and starting or ending its supervisor. Knows nothing of the scheduler's protocol.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/supervisor/cluster_file.h"
#include "cli/supervisor/home_layout.h"
#include "cli/supervisor/process.h"
#include "common/result.h"

namespace bsub::cli {

// The directory of this program's executable.
Result<std::string> ProgramsDirectory();

// NotFound names the executables that are missing there.
Status CheckPrograms(const std::string& programs);

// InvalidArgument if the home's path is too long for the daemons' sockets. Touches nothing.
Status CheckHomeLength(const HomeLayout& layout, const ClusterFile& cluster);

// PermissionDenied if others can change what is in the home: they could put another key or socket in its
// place.
Status CheckHomeMode(const HomeLayout& layout);

// Directories, and that the home's path is not too long for the daemons' sockets.
Status PrepareHome(const HomeLayout& layout, const ClusterFile& cluster);

struct RunningSupervisor {
  ProcessIdentity identity;
  UniqueFd pidfd;
};
// The supervisor that works in this home, if one does.
Result<std::optional<RunningSupervisor>> FindSupervisor(const HomeLayout& layout);

// Has a spawner ended without taking its record away, so that its tasks may still run?
bool SpawnerWasKilled(const HomeLayout& layout, const ClusterFile& cluster);

// Names of daemons that live though no supervisor may be there any more.
std::vector<std::string> LivingDaemons(const HomeLayout& layout, const ClusterFile& cluster);

// In a session of its own, with its output in the log. It outlives this process. Returns once it has the
// home's lock.
Result<RunningSupervisor> StartSupervisor(const HomeLayout& layout, const std::string& programs,
                                          bool stop_only = false);

}  // namespace bsub::cli
