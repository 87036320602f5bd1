// The simulation's state in the job's checkpoint store: the one dataset "u", the whole grid, of which each
// rank saves and loads its block. It can be loaded on another number of ranks.
//
// Without BSUB_CHECKPOINT_DIR in the environment there is no store: nothing is saved and the program is never
// told to stop.
#pragma once

#include <mpi.h>

#include <bsub/checkpoint.hpp>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "examples/stencil/simulation.h"

namespace stencil {

class SavedState {
 public:
  enum class Next { kGoOn, kStop };

  // Collective; so are the others. The error is one line.
  static tl::expected<SavedState, std::string> Open(MPI_Comm comm, const Int3& cells, const Block& block);

  // Puts the newest good state into `simulation`; leaves it at its beginning if none was saved.
  tl::expected<void, std::string> LoadInto(Simulation& simulation);

  // After each step: saves if it is time. kStop: the job was told to end, is saved, and its node knows.
  // An error is one after which the program must end, because a newer attempt of the job owns the store. A
  // save that failed for another reason is told on standard error; what was saved before stays.
  tl::expected<Next, std::string> AfterStep(const Simulation& simulation);

  // Finishes what is being written. Before MPI_Finalize.
  tl::expected<void, std::string> Close();

 private:
  SavedState() = default;
  tl::expected<void, std::string> Save(const Simulation& simulation);

  std::optional<bsub::checkpoint::Store> store_;
  std::vector<double> cells_;  // the block as the store sees it: without ghosts
  int rank_ = 0;
};

}  // namespace stencil
