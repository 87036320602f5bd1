#include "examples/stencil/simulation.h"

namespace stencil {
namespace {

int RankIn(MPI_Comm comm) {
  int rank = 0;
  MPI_Comm_rank(comm, &rank);
  return rank;
}

}  // namespace

Simulation::Simulation(MPI_Comm comm, const Int3& cells, const Int3& process_grid)
    : comm_(comm),
      cells_(cells),
      block_(BlockOf(RankIn(comm), process_grid, cells)),
      division_(DivideForExchange(block_.extent, NeighboursOf(RankIn(comm), process_grid))),
      fields_{Field(block_.extent), Field(block_.extent)},
      halos_{Halo(comm, process_grid, fields_[0]), Halo(comm, process_grid, fields_[1])} {
  SetInitialState(cells_, block_, fields_[current_]);
}

void Simulation::Restore(std::int64_t step, const double* cells_of_block) {
  fields_[current_].CopyFrom(cells_of_block);
  step_ = step;
}

void Simulation::Advance() {
  const Field& now = fields_[current_];
  Field& next = fields_[1 - current_];
  halos_[current_].Begin();
  stencil::Advance(now, division_.inner, next);
  halos_[current_].Finish();
  for (const Box& slab : division_.shell) stencil::Advance(now, slab, next);
  current_ = 1 - current_;
  ++step_;
}

Measure Simulation::MeasureAll() const {
  const Measure mine = MeasureBlock(cells_, block_, present(), step_);
  Measure all;
  MPI_Allreduce(&mine.fingerprint, &all.fingerprint, 1, MPI_UINT64_T, MPI_SUM, comm_);
  MPI_Allreduce(&mine.largest_error, &all.largest_error, 1, MPI_DOUBLE, MPI_MAX, comm_);
  MPI_Allreduce(&mine.heat, &all.heat, 1, MPI_DOUBLE, MPI_SUM, comm_);
  return all;
}

}  // namespace stencil
