// Where Open MPI keeps memory that the ranks of a node share. By default files in /dev/shm: nodes on one
// machine would take each other's, and a killed rank would leave its there.
#pragma once

#include <array>

namespace bsub::worker {

inline constexpr std::array<const char*, 2> kBackingDirectories = {
    "OMPI_MCA_btl_vader_backing_directory",  // messages
    "OMPI_MCA_osc_sm_backing_directory",     // MPI_Win_allocate_shared
};

}  // namespace bsub::worker
