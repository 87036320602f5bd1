// Exchange of ghost cells with up to six neighbouring ranks.
//
// MPI packs the faces itself (subarray types), and the requests are set up once and started at each step
// (persistent communication, MPI 3.1 section 3.9).
#pragma once

#include <mpi.h>

#include <array>
#include <vector>

#include "examples/stencil/field.h"

namespace stencil {

class Halo {
 public:
  // `field` must outlive this and not move.
  Halo(MPI_Comm comm, const Int3& process_grid, Field& field);
  ~Halo();
  Halo(const Halo&) = delete;
  Halo& operator=(const Halo&) = delete;

  // Between the two the cells next to a face may be read but not written, and the ghosts not be touched.
  void Begin();
  void Finish();

 private:
  std::vector<MPI_Request> requests_;
};

// [dimension][0: low, 1: high]: whether another rank is there.
std::array<std::array<bool, 2>, 3> NeighboursOf(std::int64_t rank, const Int3& process_grid);

}  // namespace stencil
