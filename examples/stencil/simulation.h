// One rank's part of the simulation: two fields, of which one holds the present.
#pragma once

#include <mpi.h>

#include <array>

#include "examples/stencil/field.h"
#include "examples/stencil/halo.h"
#include "examples/stencil/heat.h"

namespace stencil {

class Simulation {
 public:
  // Collective. At step 0; `process_grid` is that of all ranks of `comm` (ProcessGrid).
  Simulation(MPI_Comm comm, const Int3& cells, const Int3& process_grid);

  std::int64_t step() const { return step_; }
  const Block& block() const { return block_; }
  const Field& present() const { return fields_[current_]; }

  // Goes on from a saved state: `cells_of_block` as by Field::CopyFrom.
  void Restore(std::int64_t step, const double* cells_of_block);

  // Collective: one step. The faces travel while the inner cells are computed.
  void Advance();

  // Collective: of the whole grid, on every rank.
  Measure MeasureAll() const;

 private:
  MPI_Comm comm_;
  Int3 cells_;
  Block block_;
  Division division_;
  std::array<Field, 2> fields_;
  std::array<Halo, 2> halos_;
  std::size_t current_ = 0;
  std::int64_t step_ = 0;
};

}  // namespace stencil
