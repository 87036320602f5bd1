#include "examples/stencil/saved_state.h"

#include <bsub/checkpoint_mpi.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace stencil {
namespace {

std::uint64_t Unsigned(std::int64_t number) { return static_cast<std::uint64_t>(number); }

}  // namespace

tl::expected<SavedState, std::string> SavedState::Open(MPI_Comm comm, const Int3& cells, const Block& block) {
  SavedState state;
  const char* directory = std::getenv("BSUB_CHECKPOINT_DIR");
  if (directory == nullptr || *directory == '\0') return state;

  MPI_Comm_rank(comm, &state.rank_);
  bsub_checkpoint_collectives ranks;
  if (bsub_checkpoint_mpi(comm, &ranks) != MPI_SUCCESS)
    return tl::unexpected(std::string("MPI refused to duplicate the communicator for the checkpoints"));
  state.store_.emplace();
  if (const auto opened = state.store_->Open({}, &ranks); !opened) return tl::unexpected(opened.message());

  state.cells_.resize(static_cast<std::size_t>(block.extent[0] * block.extent[1] * block.extent[2]));
  const auto declared = state.store_->Dataset(
      "u", {Unsigned(cells[0]), Unsigned(cells[1]), Unsigned(cells[2])},
      {Unsigned(block.offset[0]), Unsigned(block.offset[1]), Unsigned(block.offset[2])},
      {Unsigned(block.extent[0]), Unsigned(block.extent[1]), Unsigned(block.extent[2])}, state.cells_.data());
  if (!declared) return tl::unexpected(declared.message());
  return state;
}

tl::expected<void, std::string> SavedState::LoadInto(Simulation& simulation) {
  if (!store_) return {};
  std::uint64_t step = 0;
  const auto loaded = store_->Load(step);
  if (loaded.nothing_saved()) return {};
  if (!loaded) return tl::unexpected(loaded.message());
  simulation.Restore(static_cast<std::int64_t>(step), cells_.data());
  if (rank_ == 0) std::printf("resumed at step %lld\n", static_cast<long long>(step));
  return {};
}

tl::expected<SavedState::Next, std::string> SavedState::AfterStep(const Simulation& simulation) {
  if (!store_) return Next::kGoOn;
  const bool save = store_->ShouldCheckpoint();
  if (save) {
    if (auto saved = Save(simulation); !saved) return tl::unexpected(saved.error());
  }
  // Though there be no time for a save.
  if (!store_->ShouldStop()) return Next::kGoOn;
  if (const auto told = store_->Stopped(); !told) return tl::unexpected(told.message());
  return Next::kStop;
}

tl::expected<void, std::string> SavedState::Save(const Simulation& simulation) {
  simulation.present().CopyTo(cells_.data());
  const auto saved = store_->Save(static_cast<std::uint64_t>(simulation.step()));
  if (saved) return {};
  if (saved.code() == BSUB_CHECKPOINT_FENCED) return tl::unexpected(saved.message());
  if (rank_ == 0)
    std::fprintf(stderr, "stencil: step %lld was not saved: %s\n", static_cast<long long>(simulation.step()),
                 saved.message().c_str());
  return {};
}

tl::expected<void, std::string> SavedState::Close() {
  if (!store_) return {};
  const auto closed = store_->Close();
  if (!closed) return tl::unexpected(closed.message());
  return {};
}

}  // namespace stencil
