// The patterns of communication, each timed. Every function is collective over its communicator and returns
// seconds on rank 0 of it; what it returns elsewhere means nothing.
//
// No globals: SimGrid runs all ranks in one process.
#pragma once

#include <mpi.h>

#include <cstddef>

namespace netbench {

// One way, between two ranks, while the others wait: half of a round trip, the mean of `iterations` after one
// that is not counted.
double PingPong(MPI_Comm all, int first, int second, std::size_t bytes, int iterations);

// Until the slowest rank has its result; the mean of `iterations` after one that is not counted.
double Allreduce(MPI_Comm all, std::size_t bytes, int iterations);
double Alltoall(MPI_Comm all, std::size_t bytes, int iterations);

// Ranks in a periodic box of three dimensions; each exchanges faces of so many bytes with its neighbours, all
// at once.
double Halo(MPI_Comm all, std::size_t bytes, int iterations);

}  // namespace netbench
