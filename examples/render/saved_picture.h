// A picture in the job's checkpoint store: the dataset "sums" (height, width, 3), of which each rank saves
// and loads its rows. It can be loaded on another number of ranks.
//
// Without BSUB_CHECKPOINT_DIR in the environment there is no store: nothing is saved and the program is never
// told to stop.
#pragma once

#include <bsub/checkpoint.hpp>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "examples/render/progressive.h"

namespace render {

class SavedPicture {
 public:
  enum class Next { kGoOn, kStop };

  // Whether there is a store to save to.
  static bool Wanted();

  // Collective, and so are the others; `ranks` null: this process renders all rows. The error is one line.
  static tl::expected<SavedPicture, std::string> Open(const Film& film, std::uint32_t first_row,
                                                      std::uint32_t last_row,
                                                      const bsub_checkpoint_collectives* ranks);

  // Puts the newest good state into `picture`, and says so on standard output if `speaks`. An
  // error: it cannot be read, or is another film's picture.
  tl::expected<void, std::string> LoadInto(Progressive& picture, bool speaks);

  // After each pass: saves if it is time. kStop: the job was told to end, is saved, and its node knows. An
  // error is one after which the program must end: a newer attempt of the job owns the store. Other failed
  // saves are told on standard error.
  tl::expected<Next, std::string> AfterPass(const Progressive& picture);

  // Finishes what is being written.
  tl::expected<void, std::string> Close();

 private:
  SavedPicture() = default;

  std::optional<bsub::checkpoint::Store> store_;
  std::unique_ptr<std::uint64_t[]> film_;  // what makes the picture: saved with it, compared at load
  std::vector<std::uint64_t> expected_film_;
  std::vector<double> sums_;
};

}  // namespace render
