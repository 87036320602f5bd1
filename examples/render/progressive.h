// A picture that gets better: each pass adds one sample to every pixel. Between passes the whole state is the
// sums and the number of passes, so it may be saved there and continued elsewhere with the same result to the
// last bit.
#pragma once

#include <cstdint>
#include <vector>

#include "examples/render/image.h"
#include "examples/render/scene.h"

namespace render {

class Progressive {
 public:
  // Rows first to last - 1 of the film's frame, counted from above.
  Progressive(const Film& film, std::uint32_t first_row, std::uint32_t last_row);

  std::uint32_t passes() const { return passes_; }
  // Red, green and blue per pixel, row by row.
  const std::vector<double>& sums() const { return sums_; }

  // Goes on from saved sums; `sums` has the size of sums().
  void Restore(std::uint32_t passes, const std::vector<double>& sums);

  void AddPass();  // TBB, all its threads

 private:
  Film film_;
  std::uint32_t first_row_, last_row_;
  Scene scene_;
  std::uint32_t passes_ = 0;
  std::vector<double> sums_;
};

}  // namespace render
