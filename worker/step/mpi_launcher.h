// `submit --mpi`: which of the installed mpirun programs starts the ranks, and how it is called.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace bsub::step {

enum class MpiKind { kUnknown, kOpenMpi, kHydra };  // Hydra: MPICH's, Intel MPI's
std::string_view NameOf(MpiKind kind);              // for people

struct MpiLauncher {
  std::string path;
  MpiKind kind = MpiKind::kUnknown;
};

// By the program that a name such as /usr/bin/mpirun leads to in the end: orterun, mpiexec.hydra.
MpiKind KindOfLauncher(const std::string& resolved_path);

// Of the first folder that has one: that of the MPI that is wanted, else one of which nobody knows what it is
// (a site's script, Open MPI 5's), which bsub-lite-rank then watches (rank.h). NotFound says what is missing.
// `wanted`: what the program is linked with; kUnknown: any.
Result<MpiLauncher> FindLauncher(MpiKind wanted, const std::string& path);

// The command line that starts `ranks` ranks of `program`. `wrapper`: bsub-lite-rank, where the launcher
// does not take it from the environment.
std::vector<std::string> LauncherCommand(const MpiLauncher& launcher, std::uint32_t ranks,
                                         const std::string& wrapper, const std::vector<std::string>& program);

}  // namespace bsub::step
