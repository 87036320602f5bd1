// Which MPI a program is linked with: its mpirun must be of the same, or every rank runs alone.
#pragma once

#include <string>

#include "worker/step/mpi_launcher.h"

namespace bsub::step {

// By the libraries that the ELF file at `path` names (DT_NEEDED): libmpi.so.40 and later is Open MPI's,
// libmpich.so and libmpi.so.12 are MPICH's and of those with its ABI. kUnknown: neither, such as a script.
MpiKind MpiOfProgram(const std::string& path);

// Of one library's name.
MpiKind MpiOfLibrary(std::string_view name);

}  // namespace bsub::step
